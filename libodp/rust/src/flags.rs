// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
//! Enumerations of the header, with its values.
use crate::raw;
use std::ops::{BitAnd, BitOr, BitOrAssign};

macro_rules! flags {
    ($(#[$doc:meta])* $name:ident { $($(#[$flag_doc:meta])* $flag:ident = $value:ident,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
        pub struct $name(pub(crate) u32);

        impl $name {
            $($(#[$flag_doc])* pub const $flag: $name = $name(raw::$value as u32);)*

            /// As the header has them.
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// All of these, and perhaps others.
            pub const fn contains(self, other: $name) -> bool {
                self.0 & other.0 == other.0
            }
        }

        impl BitOr for $name {
            type Output = $name;
            fn bitor(self, other: $name) -> $name {
                $name(self.0 | other.0)
            }
        }

        impl BitAnd for $name {
            type Output = $name;
            fn bitand(self, other: $name) -> $name {
                $name(self.0 & other.0)
            }
        }

        impl BitOrAssign for $name {
            fn bitor_assign(&mut self, other: $name) {
                self.0 |= other.0
            }
        }
    };
}

flags! {
    /// The rights of a key. None of them: this side's work requests may read.
    Access {
        /// This side's work requests may write.
        LOCAL_WRITE = IBV_ACCESS_LOCAL_WRITE,
        /// Peers may write; needs `LOCAL_WRITE`.
        REMOTE_WRITE = IBV_ACCESS_REMOTE_WRITE,
        /// Peers may read.
        REMOTE_READ = IBV_ACCESS_REMOTE_READ,
        /// Peers may do atomic operations; needs `LOCAL_WRITE`.
        REMOTE_ATOMIC = IBV_ACCESS_REMOTE_ATOMIC,
        /// Memory windows may be bound to it.
        MW_BIND = IBV_ACCESS_MW_BIND,
    }
}

flags! {
    /// The ways to a key.
    Level {
        /// One region for the whole address space.
        IMPLICIT = ODP_IMPLICIT,
        /// On-demand regions, cached.
        EXPLICIT = ODP_EXPLICIT,
        /// Pinned regions, cached within a bound.
        PINNED = ODP_PINNED,
        /// Of a dma-buf.
        DMABUF = ODP_DMABUF,
    }
}

flags! {
    /// What a message does with on-demand memory.
    Op {
        /// The sender's buffer.
        SEND = ODP_SEND,
        /// A receive queue's buffer.
        RECV = ODP_RECV,
        /// Either end of it, as of all that follow.
        WRITE = ODP_WRITE,
        /// RDMA READ.
        READ = ODP_READ,
        /// Atomic operations.
        ATOMIC = ODP_ATOMIC,
        /// A shared receive queue's buffer.
        SRQ_RECV = ODP_SRQ_RECV,
        /// FLUSH.
        FLUSH = ODP_FLUSH,
        /// ATOMIC WRITE.
        ATOMIC_WRITE = ODP_ATOMIC_WRITE,
    }
}

flags! {
    /// A page as the device sees it.
    Page {
        /// The device has a place for it.
        TRACKED = ODP_PAGE_TRACKED,
        /// It reads the page without a fault.
        PRESENT = ODP_PAGE_PRESENT,
        /// And writes it.
        WRITABLE = ODP_PAGE_WRITABLE,
        /// It did, and the kernel has not been told yet.
        DIRTY = ODP_PAGE_DIRTY,
        /// It touched it lately.
        ACCESSED = ODP_PAGE_ACCESSED,
    }
}

/// A transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
#[allow(missing_docs)]
pub enum Transport {
    Rc = raw::ODP_RC as u32,
    Uc = raw::ODP_UC as u32,
    Ud = raw::ODP_UD as u32,
    Xrc = raw::ODP_XRC as u32,
}

/// How pages are prefetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Prefetch {
    /// Faulted in, to be read.
    Read = raw::ODP_PREFETCH_READ as u32,
    /// Faulted in, to be written.
    Write = raw::ODP_PREFETCH_WRITE as u32,
    /// Without a fault: only what is in memory already.
    Resident = raw::ODP_PREFETCH_RESIDENT as u32,
}
