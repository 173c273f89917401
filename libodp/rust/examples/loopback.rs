// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
//! loopback DEVICE [GID-INDEX]: a device writes from one vector to another, over a queue pair that is connected with itself.
//! Nothing says how the memory is registered.
#![deny(unsafe_op_in_unsafe_fn)]

use odp::{raw, Access, AsContext, AsPd, Context, Domain, Level, Pd};
use std::error::Error;
use std::io;
use std::sync::Arc;

const LENGTH: usize = 100_000;

/// What verbs returned: 0, or an errno.
fn verbs(error: i32) -> io::Result<()> {
    if error == 0 {
        Ok(())
    } else {
        Err(io::Error::from_raw_os_error(error))
    }
}

/// A queue pair and its completion queue. (The context is the PD's.)
struct Loop {
    qp: *mut raw::ibv_qp,
    cq: *mut raw::ibv_cq,
    _pd: Arc<Pd>,
}

impl Loop {
    fn open(context: &Context, pd: &Arc<Pd>, gid_index: u8) -> io::Result<Loop> {
        use std::ptr::null_mut;

        let cq = unsafe { raw::ibv_create_cq(context.context(), 1, null_mut(), null_mut(), 0) };
        if cq.is_null() {
            return Err(io::Error::last_os_error());
        }
        let mut attr = raw::ibv_qp_init_attr {
            send_cq: cq,
            recv_cq: cq,
            cap: raw::ibv_qp_cap { max_send_wr: 1, max_recv_wr: 1, max_send_sge: 1, max_recv_sge: 1, max_inline_data: 0 },
            qp_type: raw::IBV_QPT_RC,
            sq_sig_all: 1,
            ..Default::default()
        };
        let qp = unsafe { raw::ibv_create_qp(pd.pd(), &mut attr) };
        if qp.is_null() {
            let error = io::Error::last_os_error();
            unsafe { raw::ibv_destroy_cq(cq) };
            return Err(error);
        }
        let this = Loop { qp, cq, _pd: pd.clone() };
        this.connect(context, gid_index)?;
        Ok(this)
    }

    fn modify(&self, state: raw::ibv_qp_state, mut attr: raw::ibv_qp_attr, mask: u32) -> io::Result<()> {
        attr.qp_state = state;
        verbs(unsafe { raw::ibv_modify_qp(self.qp, &mut attr, (mask | raw::IBV_QP_STATE) as i32) })
    }

    fn connect(&self, context: &Context, gid_index: u8) -> io::Result<()> {
        let mut port = raw::ibv_port_attr::default();
        let mut route = raw::ibv_global_route { sgid_index: gid_index, hop_limit: 1, ..Default::default() };

        // The library fills in what its first version had of the structure, in which the MTU is.
        verbs(unsafe { raw::ibv_query_port(context.context(), 1, &mut port as *mut _ as *mut _) })?;
        verbs(unsafe { raw::ibv_query_gid(context.context(), 1, gid_index.into(), &mut route.dgid) })?;
        self.modify(
            raw::IBV_QPS_INIT,
            raw::ibv_qp_attr { port_num: 1, qp_access_flags: Access::REMOTE_WRITE.bits(), ..Default::default() },
            raw::IBV_QP_PKEY_INDEX | raw::IBV_QP_PORT | raw::IBV_QP_ACCESS_FLAGS,
        )?;
        let ah_attr = raw::ibv_ah_attr { grh: route, is_global: 1, port_num: 1, ..Default::default() };
        self.modify(
            raw::IBV_QPS_RTR,
            raw::ibv_qp_attr {
                path_mtu: port.active_mtu,
                dest_qp_num: unsafe { (*self.qp).qp_num },
                max_dest_rd_atomic: 1,
                min_rnr_timer: 12,
                ah_attr,
                ..Default::default()
            },
            raw::IBV_QP_AV
                | raw::IBV_QP_PATH_MTU
                | raw::IBV_QP_DEST_QPN
                | raw::IBV_QP_RQ_PSN
                | raw::IBV_QP_MAX_DEST_RD_ATOMIC
                | raw::IBV_QP_MIN_RNR_TIMER,
        )?;
        self.modify(
            raw::IBV_QPS_RTS,
            raw::ibv_qp_attr { timeout: 14, retry_cnt: 7, rnr_retry: 7, max_rd_atomic: 1, ..Default::default() },
            raw::IBV_QP_TIMEOUT
                | raw::IBV_QP_RETRY_CNT
                | raw::IBV_QP_RNR_RETRY
                | raw::IBV_QP_SQ_PSN
                | raw::IBV_QP_MAX_QP_RD_ATOMIC,
        )
    }

    /// Writes, and waits until it is done.
    ///
    /// # Safety
    ///
    /// The keys are held, and the target is the device's meanwhile.
    unsafe fn write(&self, mut from: raw::ibv_sge, to: u64, rkey: u32) -> io::Result<()> {
        let mut request = raw::ibv_send_wr {
            sg_list: &mut from,
            num_sge: 1,
            opcode: raw::IBV_WR_RDMA_WRITE,
            ..Default::default()
        };
        let mut bad = std::ptr::null_mut();
        let mut done = raw::ibv_wc::default();

        request.wr.rdma = raw::ibv_send_wr__bindgen_ty_2__bindgen_ty_1 { remote_addr: to, rkey };
        // ibv_post_send() and ibv_poll_cq() are these two calls.
        let ops = unsafe { &(*(*self.qp).context).ops };
        let post = ops.post_send.expect("each provider has it");
        let poll = ops.poll_cq.expect("each provider has it");
        verbs(unsafe { post(self.qp, &mut request, &mut bad) })?;
        while unsafe { poll(self.cq, 1, &mut done) } == 0 {}
        if done.status == raw::IBV_WC_SUCCESS {
            Ok(())
        } else {
            Err(io::Error::new(io::ErrorKind::Other, format!("the write failed with status {}", done.status)))
        }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        unsafe {
            raw::ibv_destroy_qp(self.qp);
            raw::ibv_destroy_cq(self.cq);
        }
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::IMPLICIT => "implicit",
        Level::EXPLICIT => "explicit",
        _ => "pinned",
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let device = arguments.next().ok_or("usage: loopback DEVICE [GID-INDEX]")?;
    let gid_index = arguments.next().map_or(Ok(0), |index| index.parse())?;
    let context = Context::open(&device)?;
    let pd = Arc::new(Pd::new(&context)?);
    let domain = Domain::open(pd.clone())?;
    let own = Loop::open(&context, &pd, gid_index)?;
    let source = domain.region(vec![b'x'; LENGTH]);
    let mut target = vec![0u8; LENGTH];
    let level;
    {
        let mine = source.key()?;
        // The peer is this program, which writes where it says below.
        let theirs = unsafe { domain.get_raw(target.as_mut_ptr(), LENGTH, Access::LOCAL_WRITE | Access::REMOTE_WRITE) }?;
        let from = raw::ibv_sge { addr: source.bytes().as_ptr() as u64, length: LENGTH as u32, lkey: mine.lkey() };
        unsafe { own.write(from, target.as_mut_ptr() as u64, theirs.rkey()) }?;
        level = theirs.level();
    }
    let same = if source.bytes() == target { "the same" } else { "different" };
    println!("{LENGTH} bytes with {} keys: {same}", level_name(level));
    Ok(())
}
