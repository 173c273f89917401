// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
//! What the device and the kernel tell.
use crate::{check, raw, AsContext, Latency, Level, MrStats, Page};
use std::ffi::{CStr, CString};
use std::io;
use std::os::raw::{c_char, c_void};

/// Of whom waits are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum LatencyScope {
    /// Of everybody, since the device was made.
    Device = raw::ODP_LATENCY_DEVICE as u32,
    /// Of this process through this context.
    Own = raw::ODP_LATENCY_OWN as u32,
}

/// Waits for faults.
pub fn latency(context: &impl AsContext, scope: LatencyScope) -> io::Result<Latency> {
    let mut latency = Latency::default();

    check(unsafe { raw::odp_latency(context.context(), scope as u32, &mut latency) })?;
    Ok(latency)
}

/// How the device sees each page that the memory touches.
pub fn residency(context: &impl AsContext, memory: &[u8]) -> io::Result<Vec<Page>> {
    let size = page_size();
    let first = memory.as_ptr() as usize / size;
    let last = (memory.as_ptr() as usize + memory.len().max(1) - 1) / size;
    let mut page = vec![0u8; last - first + 1];

    check(unsafe {
        raw::odp_residency(context.context(), memory.as_ptr() as *mut c_void, memory.len() as _, page.as_mut_ptr())
    })?;
    Ok(page.into_iter().map(|bits| Page(bits.into())).collect())
}

extern "C" {
    fn getpagesize() -> std::os::raw::c_int;
}

fn page_size() -> usize {
    unsafe { getpagesize() as usize }
}

/// Text in a field of a structure.
fn text(field: &[c_char]) -> String {
    let bytes: Vec<u8> = field.iter().map(|&byte| byte as u8).take_while(|&byte| byte != 0).collect();

    String::from_utf8_lossy(&bytes).into_owned()
}

/// Calls what fills in as much as there is room for and returns how many there are, until there is room for all.
fn all<T: Clone + Default>(mut call: impl FnMut(*mut T, usize) -> i64) -> io::Result<Vec<T>> {
    let mut found: Vec<T> = Vec::new();

    loop {
        let have = check(call(found.as_mut_ptr(), found.len()))? as usize;
        if have <= found.len() {
            found.truncate(have);
            return Ok(found);
        }
        found.resize(have + 16, T::default());
    }
}

/// A counter of a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Those of rodp's paging begin with "odp_".
    pub name: String,
    /// What it counted.
    pub value: u64,
}

/// The counters of a port of the device.
pub fn device_counters(context: &impl AsContext, port: u8) -> io::Result<Vec<Counter>> {
    let found = all(|counter, room| unsafe {
        raw::odp_device_counters(context.context(), port, counter, room as _) as _
    })?;

    Ok(found
        .iter()
        .map(|counter: &raw::odp_counter| Counter { name: text(&counter.name), value: counter.value })
        .collect())
}

/// A region of anybody on this host.
#[derive(Clone, Debug)]
pub struct MrInfo {
    /// Its device.
    pub device: String,
    /// Its number in the kernel.
    pub mrn: u32,
    /// Of its owner; 0: a kernel consumer.
    pub pid: u32,
    /// The kernel consumer's name, or nothing.
    pub owner: String,
    /// Bytes; `u64::MAX`: implicit.
    pub length: u64,
    /// 0 without CAP_NET_ADMIN, as the other one.
    pub lkey: u32,
    /// See `lkey`.
    pub rkey: u32,
    /// None: the device does not tell.
    pub level: Option<Level>,
    /// None: it does not tell.
    pub stats: Option<MrStats>,
}

impl From<&raw::odp_mr_info> for MrInfo {
    fn from(info: &raw::odp_mr_info) -> MrInfo {
        MrInfo {
            device: text(&info.device),
            mrn: info.mrn,
            pid: info.pid,
            owner: text(&info.owner),
            length: info.length,
            lkey: info.lkey,
            rkey: info.rkey,
            level: if info.level == 0 { None } else { Some(Level(info.level)) },
            stats: if info.has_stats == 0 { None } else { Some(info.stats) },
        }
    }
}

/// All regions of one device, or of all.
pub fn list_mrs(device: Option<&str>) -> io::Result<Vec<MrInfo>> {
    let name = device.map(CString::new).transpose()?;
    let name = name.as_deref().map_or(std::ptr::null(), CStr::as_ptr);
    let found: Vec<raw::odp_mr_info> = all(|info, room| unsafe { raw::odp_list_mrs(name, info, room as _) as _ })?;

    Ok(found.iter().map(MrInfo::from).collect())
}
