// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
//! Keys, which are given back when they are dropped.
use crate::domain::Raw;
use crate::{check, raw, Level, MrStats};
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ops::Deref;

/// What a key tells.
#[repr(transparent)]
pub struct KeyInfo(raw::odp_key);

// Numbers, and pointers that only calls of libodp follow, which may be made in any threads.
unsafe impl Send for KeyInfo {}
unsafe impl Sync for KeyInfo {}

impl KeyInfo {
    /// For this side's work requests.
    pub fn lkey(&self) -> u32 {
        self.0.lkey
    }

    /// For those of peers, if it has rights for them.
    pub fn rkey(&self) -> u32 {
        self.0.rkey
    }

    /// How it was had.
    pub fn level(&self) -> Level {
        Level(self.0.level)
    }

    /// The region that it is of, for `ibv_bind_mw()`; it is the domain's.
    pub fn mr(&self) -> *mut raw::ibv_mr {
        self.0.mr
    }

    /// What happened in its region.
    pub fn stats(&self) -> io::Result<MrStats> {
        let mut stats = MrStats::default();

        // The key is held, so the region is there.
        check(unsafe { raw::odp_mr_stats(self.0.mr, &mut stats) })?;
        Ok(stats)
    }

    pub(crate) fn as_raw(&self) -> *const raw::odp_key {
        &self.0
    }
}

impl fmt::Debug for KeyInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Key")
            .field("lkey", &self.lkey())
            .field("rkey", &self.rkey())
            .field("level", &self.level())
            .finish()
    }
}

/// A right to memory; dropping it gives it back. What was posted with it must be complete by then.
///
/// A key that is leaked ([`std::mem::forget`]) stays held, and its domain cannot be closed. That harms nothing else: a
/// pinned region holds its pages, also when the process unmaps them.
#[derive(Debug)]
pub struct Key<'a> {
    domain: &'a Raw,
    info: KeyInfo,
    // The memory, as the device uses it.
    _memory: PhantomData<&'a mut [u8]>,
}

impl<'a> Key<'a> {
    pub(crate) fn new(domain: &'a Raw, key: raw::odp_key) -> Key<'a> {
        Key { domain, info: KeyInfo(key), _memory: PhantomData }
    }

    /// Gives it back and tells how that went: an error is one of a child of `fork()`, whose keys are its parent's.
    pub fn put(self) -> io::Result<()> {
        let mut this = ManuallyDrop::new(self);

        this.put_raw()
    }

    fn put_raw(&mut self) -> io::Result<()> {
        check(unsafe { raw::odp_put(self.domain.as_ptr(), &mut self.info.0) }).map(|_| ())
    }
}

impl Drop for Key<'_> {
    fn drop(&mut self) {
        let _ = self.put_raw();
    }
}

impl Deref for Key<'_> {
    type Target = KeyInfo;

    fn deref(&self) -> &KeyInfo {
        &self.info
    }
}

/// Keys of [`Domain::get_many`](crate::Domain::get_many), in the order of what was asked for; given back together.
#[derive(Debug)]
pub struct Keys<'a> {
    domain: &'a Raw,
    keys: Vec<KeyInfo>,
    _memory: PhantomData<&'a mut [u8]>,
}

impl<'a> Keys<'a> {
    pub(crate) fn new(domain: &'a Raw, keys: Vec<raw::odp_key>) -> Keys<'a> {
        Keys { domain, keys: keys.into_iter().map(KeyInfo).collect(), _memory: PhantomData }
    }
}

impl Drop for Keys<'_> {
    fn drop(&mut self) {
        // A KeyInfo is nothing but an odp_key: repr(transparent).
        let keys = self.keys.as_mut_ptr() as *mut raw::odp_key;

        unsafe { raw::odp_put_many(self.domain.as_ptr(), keys, self.keys.len() as _) };
    }
}

impl Deref for Keys<'_> {
    type Target = [KeyInfo];

    fn deref(&self) -> &[KeyInfo] {
        &self.keys
    }
}
