// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
//! Prefetch, which changes no byte of what it makes the device know.
use crate::domain::Raw;
use crate::{check, raw, AsPd, Domain, Key, Prefetch};
use std::io::{self, IoSlice};
use std::marker::PhantomData;
use std::os::raw::c_void;
use std::ptr::{self, NonNull};

fn key_of(key: Option<&Key<'_>>) -> *const raw::odp_key {
    key.map_or(ptr::null(), |key| key.as_raw())
}

impl<P: AsPd> Domain<P> {
    /// Makes the device know the pages, through the region of `key` or, without one, through the domain's.
    pub fn prefetch(
        &self,
        memory: &[IoSlice<'_>],
        how: Prefetch,
        wait: bool,
        key: Option<&Key<'_>>,
    ) -> io::Result<()> {
        let flags = if wait { raw::ODP_PREFETCH_WAIT as u32 } else { 0 };
        let range = memory.as_ptr() as *const raw::iovec;

        check(unsafe {
            raw::odp_prefetch(self.raw().as_ptr(), key_of(key), range, memory.len() as _, how as u32, flags)
        })
        .map(|_| ())
    }

    /// Keeps `window` bytes (0: 4 MiB) prefetched ahead of someone who goes through the memory.
    pub fn stream<'a>(
        &'a self,
        memory: &'a [u8],
        how: Prefetch,
        window: usize,
        key: Option<&'a Key<'a>>,
    ) -> io::Result<Stream<'a>> {
        let mut stream = ptr::null_mut();

        check(unsafe {
            raw::odp_stream_open(
                self.raw().as_ptr(),
                key_of(key),
                memory.as_ptr() as *mut c_void,
                memory.len() as _,
                how as u32,
                window as _,
                &mut stream,
            )
        })?;
        let stream = NonNull::new(stream).expect("odp_stream_open() gives a stream");
        Ok(Stream { stream, _of: PhantomData })
    }
}

/// Stays ahead of someone who goes through memory. Borrows its domain and its key, which it uses.
#[derive(Debug)]
pub struct Stream<'a> {
    stream: NonNull<raw::odp_stream>,
    _of: PhantomData<(&'a Raw, &'a Key<'a>, &'a [u8])>,
}

// "Calls on one stream must not run at the same time": they take it exclusively. It belongs to no thread.
unsafe impl Send for Stream<'_> {}
unsafe impl Sync for Stream<'_> {}

impl Stream<'_> {
    /// The work has come to `offset` bytes from the beginning; the offset up to which was prefetched.
    pub fn at(&mut self, offset: usize) -> io::Result<usize> {
        check(unsafe { raw::odp_stream_at(self.stream.as_ptr(), offset as _) } as i64).map(|to| to as usize)
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        unsafe { raw::odp_stream_close(self.stream.as_ptr()) };
    }
}
