#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
"""loopback.py DEVICE [GID-INDEX]: a device writes from one bytearray to another, over a queue pair that is connected with
itself. pyverbs has the queue pair, libodp the keys, and nothing says how the memory is registered."""
import sys

import odp
from pyverbs.addr import AHAttr, GlobalRoute
from pyverbs.cq import CQ
from pyverbs.device import Context
from pyverbs.enums import IBV_ACCESS_LOCAL_WRITE, IBV_ACCESS_REMOTE_WRITE, IBV_QPT_RC, IBV_WC_SUCCESS, IBV_WR_RDMA_WRITE
from pyverbs.pd import PD
from pyverbs.qp import QP, QPAttr, QPCap, QPInitAttr
from pyverbs.wr import SendWR

LENGTH = 100000


def connect(ctx, pd, cq, gid_index):
    qp = QP(pd, QPInitAttr(qp_type=IBV_QPT_RC, scq=cq, rcq=cq, cap=QPCap(1, 1, 1, 1, 0), sq_sig_all=1))
    route = GlobalRoute(dgid=ctx.query_gid(1, gid_index), sgid_index=gid_index)
    attr = QPAttr(port_num=1)
    attr.qp_access_flags = IBV_ACCESS_REMOTE_WRITE
    attr.dest_qp_num = qp.qp_num
    attr.path_mtu = ctx.query_port(1).active_mtu
    attr.ah_attr = AHAttr(gr=route, is_global=1, port_num=1)
    attr.timeout, attr.retry_cnt, attr.rnr_retry = 14, 7, 7
    qp.to_rts(attr)
    return qp


def main():
    ctx = Context(name=sys.argv[1])
    with ctx, PD(ctx) as pd, CQ(ctx, 1) as cq, odp.Domain(pd) as domain:
        source, target = bytearray(b"x" * LENGTH), bytearray(LENGTH)
        with connect(ctx, pd, cq, int(sys.argv[2]) if len(sys.argv) > 2 else 0) as qp, \
                domain.get(source) as mine, domain.get(target, IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE) as theirs:
            write = SendWR(opcode=IBV_WR_RDMA_WRITE, num_sge=1, sg=[mine.sge()])
            write.set_wr_rdma(theirs.rkey, theirs.address)
            qp.post_send(write)
            done = 0
            while not done:
                done, completions = cq.poll()
            if completions[0].status != IBV_WC_SUCCESS:
                sys.exit(f"the write failed with status {completions[0].status}")
            print(f"{LENGTH} bytes with {theirs.level.name} keys: {'the same' if source == target else 'different'}")


if __name__ == "__main__":
    main()
