// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
//! What libodp needs of verbs: a device that is open, and a PD. Bindings of others have theirs: for those are the traits.
use crate::raw;
use std::ffi::{CStr, CString};
use std::io;
use std::ptr::NonNull;
use std::sync::Arc;

/// A device that is open.
///
/// # Safety
///
/// `context()` is a valid context, the same each time, for as long as the object or what it was moved into lives.
pub unsafe trait AsContext {
    /// The context.
    fn context(&self) -> *mut raw::ibv_context;
}

/// A protection domain.
///
/// # Safety
///
/// `pd()` is a valid PD, the same each time, of a valid context, for as long as the object or what it was moved into lives.
pub unsafe trait AsPd {
    /// The PD.
    fn pd(&self) -> *mut raw::ibv_pd;
}

macro_rules! through_pointers {
    ($trait:ident, $method:ident, $type:ty) => {
        // What is behind these stays where it is when they are moved, and lives while they do.
        unsafe impl<T: $trait + ?Sized> $trait for &T {
            fn $method(&self) -> *mut $type {
                (**self).$method()
            }
        }
        unsafe impl<T: $trait + ?Sized> $trait for Arc<T> {
            fn $method(&self) -> *mut $type {
                (**self).$method()
            }
        }
    };
}

through_pointers!(AsContext, context, raw::ibv_context);
through_pointers!(AsPd, pd, raw::ibv_pd);

#[derive(Debug)]
struct Opened(NonNull<raw::ibv_context>);

// Calls of verbs may be made in any threads (ibv_open_device(3) and its like: thread safe).
unsafe impl Send for Opened {}
unsafe impl Sync for Opened {}

impl Drop for Opened {
    fn drop(&mut self) {
        unsafe { raw::ibv_close_device(self.0.as_ptr()) };
    }
}

/// A device, open until the last clone and the last [`Pd`] of it are gone.
#[derive(Clone, Debug)]
pub struct Context(Arc<Opened>);

/// errno, as of a call of verbs that returned nothing.
fn last_error() -> io::Error {
    io::Error::last_os_error()
}

impl Context {
    /// Opens a device by its name.
    pub fn open(name: &str) -> io::Result<Context> {
        let name = CString::new(name)?;
        let list = unsafe { raw::ibv_get_device_list(std::ptr::null_mut()) };

        if list.is_null() {
            return Err(last_error());
        }
        // The list ends with a null pointer.
        let device = (0..)
            .map(|i| unsafe { *list.add(i) })
            .take_while(|device| !device.is_null())
            .find(|&device| unsafe { CStr::from_ptr(raw::ibv_get_device_name(device)) } == name.as_c_str());
        let opened = match device {
            Some(device) => NonNull::new(unsafe { raw::ibv_open_device(device) }).ok_or_else(last_error),
            None => Err(io::Error::new(io::ErrorKind::NotFound, format!("no RDMA device is called {name:?}"))),
        };
        unsafe { raw::ibv_free_device_list(list) };
        Ok(Context(Arc::new(Opened(opened?))))
    }
}

unsafe impl AsContext for Context {
    fn context(&self) -> *mut raw::ibv_context {
        self.0 .0.as_ptr()
    }
}

/// A protection domain, which keeps its device open.
#[derive(Debug)]
pub struct Pd {
    pd: NonNull<raw::ibv_pd>,
    _context: Context,
}

unsafe impl Send for Pd {}
unsafe impl Sync for Pd {}

impl Pd {
    /// A new one.
    pub fn new(context: &Context) -> io::Result<Pd> {
        let pd = NonNull::new(unsafe { raw::ibv_alloc_pd(context.context()) }).ok_or_else(last_error)?;

        Ok(Pd { pd, _context: context.clone() })
    }
}

impl Drop for Pd {
    fn drop(&mut self) {
        unsafe { raw::ibv_dealloc_pd(self.pd.as_ptr()) };
    }
}

unsafe impl AsPd for Pd {
    fn pd(&self) -> *mut raw::ibv_pd {
        self.pd.as_ptr()
    }
}
