// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
use crate::{AsPd, Domain, Key};
use std::io;

/// Memory together with the domain that gives keys for it: keys borrow the region as they would borrow the memory.
#[derive(Debug)]
pub struct Region<'d, P: AsPd, M> {
    domain: &'d Domain<P>,
    memory: M,
}

impl<P: AsPd> Domain<P> {
    /// A region of memory that it owns (a `Vec<u8>`, a `Box<[u8]>`, a map of a file, ...).
    pub fn region<M>(&self, memory: M) -> Region<'_, P, M> {
        Region { domain: self, memory }
    }
}

impl<P: AsPd, M> Region<'_, P, M> {
    /// The memory, when no key is held.
    pub fn into_memory(self) -> M {
        self.memory
    }
}

impl<P: AsPd, M: AsRef<[u8]>> Region<'_, P, M> {
    /// What is in it, while no key writes.
    pub fn bytes(&self) -> &[u8] {
        self.memory.as_ref()
    }

    /// A key that reads.
    pub fn key(&self) -> io::Result<Key<'_>> {
        self.domain.get(self.memory.as_ref())
    }
}

impl<P: AsPd, M: AsMut<[u8]>> Region<'_, P, M> {
    /// What is in it, while no key is held.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.memory.as_mut()
    }

    /// A key that reads and writes.
    pub fn key_mut(&mut self) -> io::Result<Key<'_>> {
        self.domain.get_mut(self.memory.as_mut())
    }
}
