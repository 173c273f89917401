// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
//! Paging as events.
use crate::{check, raw, AsContext, AsPd, Domain, Event, KeyInfo};
use std::io;
use std::marker::PhantomData;
use std::os::unix::io::{AsRawFd, RawFd};
use std::ptr::{self, NonNull};

/// What happens in a region, or on a device; its descriptor is for `poll()`.
///
/// A thread of the library uses the context, which is borrowed. The region it knows by its number: when that is gone, the
/// watch ends (`ENODEV`).
#[derive(Debug)]
pub struct Watch<'a> {
    watch: NonNull<raw::odp_watch>,
    _of: PhantomData<&'a ()>,
}

// The library has a lock for it.
unsafe impl Send for Watch<'_> {}
unsafe impl Sync for Watch<'_> {}

impl<'a> Watch<'a> {
    /// All paging of a device, looked at every `interval_ms` (0: 10 ms).
    pub fn of_device(context: &'a impl AsContext, interval_ms: u32) -> io::Result<Watch<'a>> {
        unsafe { Watch::open(context.context(), ptr::null_mut(), interval_ms) }
    }

    /// That of a key's region. The key is one of this domain.
    pub fn of_key<P: AsPd>(domain: &'a Domain<P>, key: &KeyInfo, interval_ms: u32) -> io::Result<Watch<'a>> {
        // A domain that is borrowed has its PD, and that its context. A key of another one has another context, which
        // nobody holds.
        let context = unsafe { (*domain.pd().pd()).context };

        if unsafe { (*key.mr()).context } != context {
            return Err(io::Error::from(io::ErrorKind::InvalidInput));
        }
        unsafe { Watch::open(context, key.mr(), interval_ms) }
    }

    /// # Safety
    ///
    /// The context stays open for as long as 'a.
    unsafe fn open(
        context: *mut raw::ibv_context,
        mr: *mut raw::ibv_mr,
        interval_ms: u32,
    ) -> io::Result<Watch<'a>> {
        let mut watch = ptr::null_mut();

        check(unsafe { raw::odp_watch_open(context, mr, interval_ms, &mut watch) })?;
        let watch = NonNull::new(watch).expect("odp_watch_open() gives a watch");
        Ok(Watch { watch, _of: PhantomData })
    }

    /// What happened since the last one, or nothing. `ENODEV`: the region or the device is gone.
    pub fn read(&self) -> io::Result<Option<Event>> {
        let mut event = Event::default();

        match check(unsafe { raw::odp_watch_read(self.watch.as_ptr(), &mut event) })? {
            0 => Ok(None),
            _ => Ok(Some(event)),
        }
    }
}

impl AsRawFd for Watch<'_> {
    fn as_raw_fd(&self) -> RawFd {
        unsafe { raw::odp_watch_fd(self.watch.as_ptr()) }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        unsafe { raw::odp_watch_close(self.watch.as_ptr()) };
    }
}
