// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
use crate::key::{Key, Keys};
use crate::{check, raw, Access, AsPd, DomainInfo, Level, Op, Transport};
use std::fmt;
use std::io::{self, IoSlice, IoSliceMut};
use std::mem::ManuallyDrop;
use std::os::raw::{c_int, c_void};
use std::os::unix::io::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;

/// What is behind a domain, which keys and streams know.
#[derive(Debug)]
pub(crate) struct Raw(pub(crate) NonNull<raw::odp_domain>);

// "Calls may run at the same time in any threads" (odp.h), and nothing in a domain belongs to one of them.
unsafe impl Send for Raw {}
unsafe impl Sync for Raw {}

impl Raw {
    pub(crate) fn as_ptr(&self) -> *mut raw::odp_domain {
        self.0.as_ptr()
    }
}

/// What a domain is opened with. All that is not set is as libodp likes it.
#[derive(Clone, Copy, Default)]
pub struct Options(raw::odp_domain_attr);

impl Options {
    /// Nothing is set.
    pub fn new() -> Options {
        Options::default()
    }

    /// Allows these levels and no others.
    pub fn levels(mut self, levels: Level) -> Options {
        self.0.levels = levels.bits();
        self
    }

    /// What the keys are for: levels that cannot do it are not used.
    pub fn needs(mut self, transport: Transport, ops: Op) -> Options {
        self.0.needs[transport as usize] = ops.bits();
        self
    }

    /// Most bytes that are pinned at once.
    pub fn pinned_max(mut self, bytes: u64) -> Options {
        self.0.pinned_max = bytes;
        self
    }

    /// Explicit regions begin and end at multiples of this power of two.
    pub fn grain(mut self, bytes: u64) -> Options {
        self.0.grain = bytes;
        self
    }

    /// Most explicit regions that are kept although nobody holds them.
    pub fn explicit_max(mut self, regions: u32) -> Options {
        self.0.explicit_max = regions;
        self
    }

    /// Promises to call [`Domain::forget`] for all memory that had a key, before it is unmapped or given back.
    ///
    /// # Safety
    ///
    /// The promise is kept, also for what allocators unmap. Otherwise the device reads and writes pages that the process
    /// has lost, and misses those that it has.
    pub unsafe fn forgets(mut self) -> Options {
        self.0.flags |= raw::ODP_FORGETS as u32;
        self
    }

    /// Opens a domain with these.
    pub fn open<P: AsPd>(&self, pd: P) -> io::Result<Domain<P>> {
        let mut domain = std::ptr::null_mut();

        // The PD lives at least until the domain is closed: it is dropped after it.
        check(unsafe { raw::odp_domain_open(pd.pd(), &self.0, &mut domain) })?;
        let domain = NonNull::new(domain).expect("odp_domain_open() gives a domain");
        Ok(Domain { raw: Raw(domain), pd: ManuallyDrop::new(pd) })
    }
}

/// Hands out keys in a PD, which it owns (or a reference or an `Arc` of it).
///
/// `Send` and `Sync` as far as the PD is: see `Raw`.
pub struct Domain<P: AsPd> {
    raw: Raw,
    pd: ManuallyDrop<P>,
}

impl<P: AsPd> Domain<P> {
    /// With all levels that the device has.
    pub fn open(pd: P) -> io::Result<Domain<P>> {
        Options::new().open(pd)
    }

    pub(crate) fn raw(&self) -> &Raw {
        &self.raw
    }

    /// What it was opened with.
    pub fn pd(&self) -> &P {
        &self.pd
    }

    fn get_key<'a>(&'a self, addr: *const u8, len: usize, access: Access) -> io::Result<Key<'a>> {
        let mut key = raw::odp_key::default();

        check(unsafe { raw::odp_get(self.raw.as_ptr(), addr as *mut c_void, len as _, access.bits() as c_int, &mut key) })?;
        Ok(Key::new(&self.raw, key))
    }

    /// A key for memory that this side's work requests read.
    pub fn get<'a>(&'a self, memory: &'a [u8]) -> io::Result<Key<'a>> {
        self.get_key(memory.as_ptr(), memory.len(), Access::default())
    }

    /// A key for memory that this side's work requests read and write.
    pub fn get_mut<'a>(&'a self, memory: &'a mut [u8]) -> io::Result<Key<'a>> {
        self.get_key(memory.as_ptr(), memory.len(), Access::LOCAL_WRITE)
    }

    /// A key for any memory, with any rights.
    ///
    /// # Safety
    ///
    /// Remote rights are a peer's, until the domain is closed, and of all that the key may reach: on the implicit level
    /// all memory of the process, on the explicit one whole grains. The caller answers for what peers do with a key that
    /// they are given, as if it was done here. Whoever cannot answer for that binds a memory window to it, or allows
    /// other levels.
    ///
    /// Nothing is borrowed: while work requests use the key, the memory is there and nobody uses it in a way that does
    /// not go together with theirs. On the pinned level it is there until the key is put.
    pub unsafe fn get_raw(&self, addr: *mut u8, len: usize, access: Access) -> io::Result<Key<'_>> {
        self.get_key(addr, len, access)
    }

    /// Keys for many pieces of memory that are read, or for none.
    pub fn get_many<'a>(&'a self, memory: &[IoSlice<'a>]) -> io::Result<Keys<'a>> {
        self.get_keys(memory.as_ptr() as *const raw::iovec, memory.len(), Access::default())
    }

    /// Keys for many pieces of memory that are read and written, or for none. The slices are the keys' from then on.
    pub fn get_many_mut<'a>(&'a self, memory: Vec<IoSliceMut<'a>>) -> io::Result<Keys<'a>> {
        self.get_keys(memory.as_ptr() as *const raw::iovec, memory.len(), Access::LOCAL_WRITE)
    }

    // IoSlice and IoSliceMut are iovecs: "guaranteed to be ABI compatible" with them.
    fn get_keys<'a>(&'a self, range: *const raw::iovec, n: usize, access: Access) -> io::Result<Keys<'a>> {
        let mut keys = vec![raw::odp_key::default(); n];

        check(unsafe {
            raw::odp_get_many(self.raw.as_ptr(), range, n as _, access.bits() as c_int, keys.as_mut_ptr())
        })?;
        Ok(Keys::new(&self.raw, keys))
    }

    fn get_dmabuf_key(&self, fd: BorrowedFd<'_>, part: (u64, u64, u64), access: Access) -> io::Result<Key<'_>> {
        let (offset, len, iova) = part;
        let memory = raw::odp_dmabuf { fd: fd.as_raw_fd(), offset, len, iova, ..Default::default() };
        let mut key = raw::odp_key::default();

        check(unsafe { raw::odp_get_dmabuf(self.raw.as_ptr(), &memory, access.bits() as c_int, &mut key) })?;
        Ok(Key::new(&self.raw, key))
    }

    /// A key for `len` bytes at `offset` of a dma-buf, that this side's work requests read and write at addresses from
    /// `iova` on. The dma-buf stays for as long as the key is held, whatever becomes of the descriptor.
    pub fn get_dmabuf(&self, fd: BorrowedFd<'_>, offset: u64, len: u64, iova: u64) -> io::Result<Key<'_>> {
        self.get_dmabuf_key(fd, (offset, len, iova), Access::LOCAL_WRITE)
    }

    /// The same with any rights.
    ///
    /// # Safety
    ///
    /// The caller answers for what peers do with the key, until it is put and all others that are held of the dma-buf.
    pub unsafe fn get_dmabuf_raw(
        &self,
        fd: BorrowedFd<'_>,
        offset: u64,
        len: u64,
        iova: u64,
        access: Access,
    ) -> io::Result<Key<'_>> {
        self.get_dmabuf_key(fd, (offset, len, iova), access)
    }

    /// Before `len` bytes at `addr` are unmapped or given back, or just after: what is cached of them is dropped. `EBUSY`
    /// (`raw_os_error()`): done, but a pinned key is held. The addresses are looked up, not followed.
    pub fn forget(&self, addr: *const u8, len: usize) -> io::Result<()> {
        check(unsafe { raw::odp_forget(self.raw.as_ptr(), addr as *mut c_void, len as _) }).map(|_| ())
    }

    /// What it uses, holds and counted.
    pub fn query(&self) -> io::Result<DomainInfo> {
        let mut info = DomainInfo::default();

        check(unsafe { raw::odp_domain_query(self.raw.as_ptr(), &mut info) })?;
        Ok(info)
    }

    fn close_raw(&mut self) -> io::Result<()> {
        check(unsafe { raw::odp_domain_close(self.raw.as_ptr()) }).map(|_| ())
    }

    /// Closes it and gives the PD back, or says why not: `EBUSY`, a memory window is bound to a region, or a key was
    /// leaked. (Dropping a domain that cannot be closed leaks it, with its PD.)
    pub fn close(self) -> Result<P, (Domain<P>, io::Error)> {
        let mut this = ManuallyDrop::new(self);

        match this.close_raw() {
            // It is closed, and neither is used again.
            Ok(()) => Ok(unsafe { ManuallyDrop::take(&mut this.pd) }),
            Err(error) => Err((ManuallyDrop::into_inner(this), error)),
        }
    }
}

impl<P: AsPd> Drop for Domain<P> {
    fn drop(&mut self) {
        // Regions that are left are of the PD, which must not go before them.
        if self.close_raw().is_ok() {
            unsafe { ManuallyDrop::drop(&mut self.pd) };
        }
    }
}

impl<P: AsPd> fmt::Debug for Domain<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Domain").field("raw", &self.raw.0).finish()
    }
}
