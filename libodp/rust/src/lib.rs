// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
//! libodp: RDMA on memory that nobody pinned, on any provider of libibverbs.
//!
//! A [`Domain`] hands out [`Key`]s to memory in a protection domain. What a key means, by level, `man odp_get` says; what
//! each call does, libodp(3). [`raw`] are the declarations of `odp.h` and `verbs.h`, made from the headers when the crate is
//! built.
//!
//! ```no_run
//! use odp::{Context, Domain, Pd};
//!
//! # fn main() -> std::io::Result<()> {
//! let domain = Domain::open(Pd::new(&Context::open("rodp0")?)?)?;
//! let mut buffer = vec![0; 1 << 20];
//! let key = domain.get_mut(&mut buffer)?;
//! // post a work request with key.lkey(), wait for it
//! # let _ =
//! key.lkey();
//! # Ok(())
//! # }
//! ```
//!
//! # What is safe
//!
//! Numbers of keys do nothing by themselves: a device touches memory when a work request is posted, which is `unsafe` in
//! every binding of verbs, or when a peer uses a remote key. So safe calls give keys for this side's work requests only
//! ([`Domain::get`], [`Domain::get_mut`]), and borrow the memory as a device will: shared to be read, exclusively to be
//! written. Whoever posts answers for that it is complete before the key goes. Keys that a peer may use need
//! [`Domain::get_raw`], which says what is answered for.
//!
//! A key borrows its domain and its memory, which outlive it:
//!
//! ```compile_fail,E0505
//! # use odp::*;
//! # fn f(domain: Domain<Pd>) -> std::io::Result<()> {
//! let buffer = vec![0; 10];
//! let key = domain.get(&buffer)?;
//! drop(domain); // a key is held
//! println!("{}", key.lkey());
//! # Ok(())
//! # }
//! ```
//!
//! ```compile_fail,E0505
//! # use odp::*;
//! # fn f(domain: Domain<Pd>) -> std::io::Result<()> {
//! let buffer = vec![0; 10];
//! let key = domain.get(&buffer)?;
//! drop(buffer); // it has a key
//! println!("{}", key.lkey());
//! # Ok(())
//! # }
//! ```
//!
//! ```compile_fail,E0502
//! # use odp::*;
//! # fn f(domain: Domain<Pd>) -> std::io::Result<()> {
//! let mut buffer = vec![0; 10];
//! let key = domain.get_mut(&mut buffer)?;
//! println!("{}", buffer[0]); // the device may write there
//! drop(key);
//! # Ok(())
//! # }
//! ```
//!
//! ```compile_fail,E0382
//! # use odp::*;
//! # fn f(key: Key) -> std::io::Result<()> {
//! key.put()?;
//! key.put() // twice
//! # }
//! ```
//!
//! ```compile_fail,E0133
//! # use odp::*;
//! # fn f(domain: Domain<Pd>, at: *mut u8) -> std::io::Result<()> {
//! domain.get_raw(at, 10, Access::REMOTE_WRITE)?; // a peer writes where it likes
//! # Ok(())
//! # }
//! ```
#![warn(missing_docs)]
#![deny(unsafe_op_in_unsafe_fn)]

mod caps;
mod domain;
mod flags;
mod key;
mod observe;
mod prefetch;
mod region;
mod verbs;
mod watch;

/// `odp.h` and `verbs.h`, as bindgen reads them.
#[allow(
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    dead_code,
    improper_ctypes,
    unsafe_op_in_unsafe_fn,
    clippy::all,
    deref_nullptr,
    rustdoc::broken_intra_doc_links,
    rustdoc::invalid_html_tags
)]
pub mod raw {
    include!(concat!(env!("OUT_DIR"), "/raw.rs"));
}

pub use caps::{can, can_dmabuf, can_implicit, can_prefetch, query_caps};
pub use domain::{Domain, Options};
pub use flags::{Access, Level, Op, Page, Prefetch, Transport};
pub use key::{Key, KeyInfo, Keys};
pub use observe::{device_counters, latency, list_mrs, residency, Counter, LatencyScope, MrInfo};
pub use prefetch::Stream;
pub use raw::{
    odp_caps as Caps, odp_domain_info as DomainInfo, odp_event as Event, odp_latency as Latency, odp_mr_stats as MrStats,
};
pub use region::Region;
pub use verbs::{AsContext, AsPd, Context, Pd};
pub use watch::Watch;

use std::io;
use std::os::raw::c_int;

/// The version of the library that the program runs with: `1_002_003` is 1.2.3.
pub fn version() -> u32 {
    unsafe { raw::odp_version() }
}

/// What a call of the library returned: what it says, or a negative errno.
fn check<T: Into<i64>>(result: T) -> io::Result<u64> {
    let result = result.into();

    if result < 0 {
        Err(io::Error::from_raw_os_error(-result as c_int))
    } else {
        Ok(result as u64)
    }
}
