// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
//! What a device can do.
use crate::{check, raw, AsContext, Caps, Op, Transport};
use std::io;
use std::os::raw::c_int;

/// Everything that the device says of on-demand paging.
pub fn query_caps(context: &impl AsContext) -> io::Result<Caps> {
    let mut caps = Caps::default();

    check(unsafe { raw::odp_query_caps(context.context(), &mut caps) })?;
    Ok(caps)
}

/// Whether on-demand memory works with all of these over the transport; false also if the device does not answer.
pub fn can(context: &impl AsContext, transport: Transport, ops: Op) -> bool {
    unsafe { raw::odp_can(context.context(), transport as u32, ops.bits() as c_int) }
}

/// Whether it has regions of the whole address space.
pub fn can_implicit(context: &impl AsContext) -> bool {
    unsafe { raw::odp_can_implicit(context.context()) }
}

/// Whether it prefetches.
pub fn can_prefetch(context: &impl AsContext) -> bool {
    unsafe { raw::odp_can_prefetch(context.context()) }
}

/// Whether it has regions of dma-bufs.
pub fn can_dmabuf(context: &impl AsContext) -> bool {
    unsafe { raw::odp_can_dmabuf(context.context()) }
}
