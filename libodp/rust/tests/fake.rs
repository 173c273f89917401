// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
//! The crate over a device that costs nothing, in front of libibverbs (tests/libodp/bindings/fake.c of rodp), or over a
//! real one that ODP_TEST_DEVICE names; data is moved with the fake one only.
use odp::*;
use std::fs::File;
use std::io::{IoSlice, IoSliceMut, Seek, SeekFrom, Write};
use std::os::raw::{c_char, c_int, c_uint, c_void};
use std::os::unix::io::{AsRawFd, BorrowedFd, FromRawFd};
use std::sync::Arc;

extern "C" {
    fn dlsym(handle: *mut c_void, name: *const c_char) -> *mut c_void;
    fn memfd_create(name: *const c_char, flags: c_uint) -> c_int;
}

const EBADF: i32 = 9;
const EBUSY: i32 = 16;
const EINVAL: i32 = 22;
const EOPNOTSUPP: i32 = 95;

fn name() -> String {
    std::env::var("ODP_TEST_DEVICE").unwrap_or_else(|_| "fake0".to_string())
}

fn context() -> Context {
    Context::open(&name()).unwrap()
}

fn pd() -> Pd {
    Pd::new(&context()).unwrap()
}

fn is_fake() -> bool {
    name() == "fake0"
}

fn with_level(level: Level) -> Domain<Pd> {
    Options::new().levels(level).open(pd()).unwrap()
}

/// device_write(mr, va, wire, len) and device_read() of the fake device.
type Move = unsafe extern "C" fn(*mut raw::ibv_mr, *mut c_void, *mut c_void, usize);

fn call(name: &[u8]) -> Move {
    let found = unsafe { dlsym(std::ptr::null_mut(), name.as_ptr() as *const c_char) };

    assert!(!found.is_null(), "the fake device is not loaded");
    unsafe { std::mem::transmute(found) }
}

fn by_device(key: &KeyInfo, at: usize, data: &[u8]) {
    unsafe { call(b"device_write\0")(key.mr(), at as *mut c_void, data.as_ptr() as *mut c_void, data.len()) }
}

fn from_device(key: &KeyInfo, at: usize, len: usize) -> Vec<u8> {
    let mut data = vec![0u8; len];

    unsafe { call(b"device_read\0")(key.mr(), at as *mut c_void, data.as_mut_ptr() as *mut c_void, len) };
    data
}

fn errno<T>(result: std::io::Result<T>) -> i32 {
    result.err().expect("an error").raw_os_error().expect("an errno")
}

#[test]
fn data() {
    for level in [Level::IMPLICIT, Level::EXPLICIT] {
        let domain = with_level(level);
        let mut buffer = vec![0u8; 10000];
        let at = buffer.as_ptr() as usize;
        {
            let key = domain.get_mut(&mut buffer).unwrap();
            assert_eq!(key.level(), level);
            assert_eq!(domain.query().unwrap().held, 1);
            if is_fake() {
                by_device(&key, at + 5000, b"from afar");
            }
        }
        assert_eq!(domain.query().unwrap().held, 0);
        assert!(!is_fake() || &buffer[5000..5009] == b"from afar");
        buffer[..4].copy_from_slice(b"here");
        let key = domain.get(&buffer).unwrap();
        assert!(!is_fake() || from_device(&key, at, 4) == b"here");
        assert_eq!(&buffer[..4], b"here"); // a key that reads shares the memory
        key.put().unwrap();
        drop(domain.close().map_err(|(_, error)| error).unwrap());
    }
}

#[test]
fn region() {
    let domain = with_level(Level::EXPLICIT);
    let mut region = domain.region(vec![7u8; 100]);
    let at = region.bytes().as_ptr() as usize;

    {
        let key = region.key_mut().unwrap();
        if is_fake() {
            by_device(&key, at, b"x");
        }
    }
    assert_eq!(region.bytes()[1], 7);
    assert!(!is_fake() || region.bytes()[0] == b'x');
    region.bytes_mut()[1] = b'y';
    let (one, two) = (region.key().unwrap(), region.key().unwrap());
    assert_eq!(one.lkey(), two.lkey());
    drop((one, two));
    assert_eq!(region.into_memory().len(), 100);
}

#[test]
fn many() {
    let domain = with_level(Level::EXPLICIT);
    let mut buffers = vec![[0u8; 64]; 200];
    let keys = domain.get_many_mut(buffers.iter_mut().map(|buffer| IoSliceMut::new(buffer)).collect()).unwrap();

    assert_eq!((keys.len(), domain.query().unwrap().held), (200, 200));
    assert!(keys.iter().all(|key| key.lkey() != 0));
    drop(keys);
    assert_eq!(domain.query().unwrap().held, 0);
    let none: &[u8] = &[];
    assert_eq!(errno(domain.get_many(&[IoSlice::new(&buffers[0]), IoSlice::new(none)])), EINVAL);
    assert_eq!(domain.query().unwrap().held, 0);
    assert_eq!(domain.get_many(&[]).unwrap().len(), 0);
}

#[test]
fn refused() {
    let domain = Domain::open(pd()).unwrap();
    let byte = [0u8];

    assert_eq!(errno(domain.get(&[])), EINVAL);
    assert_eq!(errno(unsafe { domain.get_raw(byte.as_ptr() as *mut u8, usize::MAX, Access::default()) }), EINVAL);
    assert_eq!(errno(Options::new().levels(Level::DMABUF).open(pd())), EINVAL);
    assert_eq!(errno(Options::new().grain(3).open(pd())), EINVAL);
    let impossible = Options::new().levels(Level::EXPLICIT | Level::IMPLICIT).needs(Transport::Uc, Op::READ);
    assert_eq!(errno(impossible.open(pd())), EOPNOTSUPP);
    domain.forget(byte.as_ptr(), 1).unwrap();
    assert_eq!(Context::open("no such device").err().unwrap().kind(), std::io::ErrorKind::NotFound);
    if is_fake() {
        assert_eq!(errno(domain.prefetch(&[IoSlice::new(&byte)], Prefetch::Read, true, None)), EOPNOTSUPP);
        assert_eq!(errno(domain.stream(&byte, Prefetch::Read, 0, None)), EOPNOTSUPP);
        let key = domain.get(&byte).unwrap();
        assert_eq!(errno(key.stats()), EOPNOTSUPP);
        assert_eq!(errno(Watch::of_key(&domain, &key, 0)), EOPNOTSUPP);
        assert_eq!(errno(latency(&context(), LatencyScope::Own)), EOPNOTSUPP);
        assert_eq!(errno(residency(&context(), &byte)), EOPNOTSUPP);
    }
}

#[test]
fn dmabuf() {
    if !is_fake() {
        return;
    }
    let domain = Domain::open(pd()).unwrap();
    let fd = unsafe { memfd_create(b"dmabuf\0".as_ptr() as *const c_char, 0) };
    let mut file = unsafe { File::from_raw_fd(fd) };
    let borrowed = unsafe { BorrowedFd::borrow_raw(file.as_raw_fd()) };

    assert!(can_dmabuf(&context()));
    file.set_len(16384).unwrap();
    file.seek(SeekFrom::Start(4096)).unwrap();
    file.write_all(b"in the dma-buf").unwrap();
    let key = domain.get_dmabuf(borrowed, 4096, 8192, 1 << 40).unwrap();
    assert_eq!(key.level(), Level::DMABUF);
    assert_eq!(domain.query().unwrap().dmabuf_regions, 1);
    assert_eq!(errno(domain.get_dmabuf(borrowed, 0, 16385, 0)), EINVAL);
    drop(file);
    assert_eq!(from_device(&key, 1 << 40, 14), b"in the dma-buf");
    drop(key);
    assert_eq!(domain.query().unwrap().dmabuf_regions, 0);
    let gone = unsafe { BorrowedFd::borrow_raw(1 << 20) };
    assert_eq!(errno(domain.get_dmabuf(gone, 0, 1, 0)), EBADF);
}

#[test]
fn leaked() {
    let domain = Domain::open(pd()).unwrap();
    let buffer = [0u8; 10];

    std::mem::forget(domain.get(&buffer).unwrap());
    let (domain, error) = domain.close().unwrap_err();
    assert_eq!(error.raw_os_error(), Some(EBUSY));
    drop(domain); // leaks it and its PD, and crashes nothing
}

#[test]
fn threads() {
    let domain = with_level(Level::EXPLICIT);

    std::thread::scope(|scope| {
        for number in 0..8u8 {
            let domain = &domain;
            scope.spawn(move || {
                let mut buffer = vec![0u8; 4096];
                for _ in 0..2000 {
                    let at = buffer.as_ptr() as usize;
                    let key = domain.get_mut(&mut buffer).unwrap();
                    if is_fake() {
                        by_device(&key, at, &[number]);
                    }
                    drop(key);
                    assert!(!is_fake() || buffer[0] == number);
                }
            });
        }
        // A key goes to another thread, and is put there.
        let buffer: &'static [u8] = b"for ever";
        let key = domain.get(buffer).unwrap();
        scope.spawn(move || drop(key));
    });
    assert_eq!(domain.query().unwrap().held, 0);
}

#[test]
fn owners() {
    // A domain owns its PD, or shares one, or borrows one.
    let shared = Arc::new(pd());
    let one = Domain::open(shared.clone()).unwrap();
    let two = Domain::open(&*shared).unwrap();
    let byte = [0u8];

    drop((one.get(&byte).unwrap(), two.get(&byte).unwrap()));
    drop(two);
    drop(shared);
    drop(one.get(&byte).unwrap());
}

#[test]
fn what_threads_may_have() {
    fn is_send<T: Send>() {}
    fn is_sync<T: Sync>() {}

    is_send::<Context>();
    is_sync::<Context>();
    is_send::<Domain<Pd>>();
    is_sync::<Domain<Pd>>();
    is_send::<Domain<Arc<Pd>>>();
    is_send::<Key>();
    is_sync::<Key>();
    is_send::<Keys>();
    is_send::<Stream>();
    is_send::<Watch>();
    is_sync::<Watch>();
}

#[test]
fn versions() {
    let header = raw::ODP_VERSION_MAJOR * 1000000 + raw::ODP_VERSION_MINOR * 1000 + raw::ODP_VERSION_PATCH;

    assert!(version() >= header);
    let mine: Vec<u32> = env!("CARGO_PKG_VERSION").split('.').map(|part| part.parse().unwrap()).collect();
    assert_eq!(mine, [raw::ODP_VERSION_MAJOR, raw::ODP_VERSION_MINOR, raw::ODP_VERSION_PATCH]);
}
