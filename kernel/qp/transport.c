// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The transports, put together from what the rooms have. See transport.h. */
#include "qp/end/qpn.h"
#include "qp/path/path.h"
#include "qp/recv/ack.h"
#include "qp/recv/message.h"
#include "qp/recv/receiver.h"
#include "qp/recv/reply.h"
#include "qp/recv/responder.h"
#include "qp/send/requester.h"
#include "qp/send/send_lane.h"
#include "qp/transport.h"
#include "qp/ud/ud_receiver.h"
#include "qp/ud/ud_sender.h"
#include "wire/header.h"

static const struct rodp_send_ops send_acked = {
	.check = rodp_requester_check,
	.run = rodp_requester_run,
};

static const struct rodp_send_ops send_unacked = {
	.check = rodp_requester_check_unacked,
	.run = rodp_requester_run_unacked,
	.sent = rodp_requester_sent_unacked,
};

static const struct rodp_receive_ops receive_acked = {
	.complete = rodp_rq_complete,
	.execute = rodp_responder_execute,
	.grant = rodp_reply_grant,
	.refuse = rodp_request_nak,
	.not_ready = rodp_message_not_ready,
	.ack = rodp_ack_owe,
};

/* The receives, completions and keys are those of the SRQ that each packet names. */
static const struct rodp_receive_ops receive_shared = {
	.complete = rodp_rq_complete_shared,
	.execute = rodp_responder_execute_shared,
	.grant = rodp_reply_grant_shared,
	.refuse = rodp_request_nak,
	.not_ready = rodp_message_not_ready,
	.ack = rodp_ack_owe,
};

static const struct rodp_receive_ops receive_unacked = {
	.complete = rodp_rq_complete,
	.execute = rodp_responder_execute,
	.refuse = rodp_request_ignore,
	.not_ready = rodp_message_lost,
	.ack = rodp_ack_owe_none,
};

static const struct rodp_receive_ops receive_datagrams = {
	.complete = rodp_rq_complete,
};

static bool transport_has_cqs(const struct ib_qp_init_attr *init)
{
	return init->send_cq && init->recv_cq;
}

static bool transport_has_send_cq(const struct ib_qp_init_attr *init)
{
	return init->send_cq && !init->srq;
}

static bool transport_has_domain(const struct ib_qp_init_attr *init)
{
	return init->xrcd;
}

static const struct rodp_transport_ops transport_rc = {
	.tp = RODP_TP_RC,
	.acked = true,
	.sends = true,
	.receives = true,
	.after_send_error = IB_QPS_ERR,
	.fits = transport_has_cqs,
	.number = &rodp_qpn_any,
	.send = &send_acked,
	.send_lane = &rodp_send_lane_ops,
	.receive = &receive_acked,
	.receive_lane = &rodp_responder_lane_ops,
	.wire = &rodp_wire_path,
	.local = &rodp_local_path,
};

static const struct rodp_transport_ops transport_xrc_initiator = {
	.tp = RODP_TP_XRC,
	.acked = true,
	.sends = true,
	.after_send_error = IB_QPS_ERR,
	.fits = transport_has_send_cq,
	.number = &rodp_qpn_any,
	.send = &send_acked,
	.send_lane = &rodp_send_lane_ops,
	.receive = &receive_acked,
	.receive_lane = &rodp_responder_absent_lane_ops,
	.wire = &rodp_wire_path,
	.local = &rodp_local_path,
};

static const struct rodp_transport_ops transport_xrc_target = {
	.tp = RODP_TP_XRC,
	.acked = true,
	.after_send_error = IB_QPS_ERR,
	.fits = transport_has_domain,
	.number = &rodp_qpn_any,
	.send = &send_acked,
	.send_lane = &rodp_send_lane_ops,
	.receive = &receive_shared,
	.receive_lane = &rodp_responder_shared_lane_ops,
	.wire = &rodp_wire_path,
	.local = &rodp_local_path,
};

static const struct rodp_transport_ops transport_uc = {
	.tp = RODP_TP_UC,
	.sends = true,
	.receives = true,
	.after_send_error = IB_QPS_SQE,
	.fits = transport_has_cqs,
	.number = &rodp_qpn_any,
	.send = &send_unacked,
	.send_lane = &rodp_send_lane_ops,
	.receive = &receive_unacked,
	.receive_lane = &rodp_responder_unacked_lane_ops,
	.wire = &rodp_wire_path,
	.local = &rodp_wire_path,
};

static const struct rodp_transport_ops transport_ud = {
	.tp = RODP_TP_UD,
	.sends = true,
	.receives = true,
	.create_flags = IB_QP_CREATE_BLOCK_MULTICAST_LOOPBACK,
	.mtu = RODP_MTU_MAX,
	.after_send_error = IB_QPS_SQE,
	.fits = transport_has_cqs,
	.number = &rodp_qpn_any,
	.send = &rodp_ud_send_ops,
	.send_lane = &rodp_send_lane_ops,
	.receive = &receive_datagrams,
	.receive_lane = &rodp_ud_receiver_lane_ops,
	.wire = &rodp_datagram_path,
	.local = &rodp_datagram_path,
};

static const struct rodp_transport_ops transport_gsi = {
	.tp = RODP_TP_UD,
	.sends = true,
	.receives = true,
	.mtu = RODP_MTU_MAX,
	.after_send_error = IB_QPS_SQE,
	.fits = transport_has_cqs,
	.number = &rodp_qpn_gsi,
	.send = &rodp_ud_send_ops,
	.send_lane = &rodp_send_lane_ops,
	.receive = &receive_datagrams,
	.receive_lane = &rodp_ud_receiver_lane_ops,
	.wire = &rodp_datagram_path,
	.local = &rodp_datagram_path,
};

const struct rodp_transport_ops *rodp_transport_of(enum ib_qp_type type)
{
	switch (type) {
	case IB_QPT_RC:
		return &transport_rc;
	case IB_QPT_XRC_INI:
		return &transport_xrc_initiator;
	case IB_QPT_XRC_TGT:
		return &transport_xrc_target;
	case IB_QPT_UC:
		return &transport_uc;
	case IB_QPT_UD:
		return &transport_ud;
	case IB_QPT_GSI:
		return &transport_gsi;
	default:
		return NULL;
	}
}
