// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* The world of a scenario, see world.h. */
#include "world.h"

#include "fail.h"
#include "oracle.h"
#include "qp/end/courier.h"
#include "qp/path/path.h"
#include "trace.h"

struct world world;

static struct net_device world_netdev = { .mtu = 9000 };
static u64 world_counters[RODP_STAT_COUNT];
static struct rodp_latency world_latency;
static struct rodp_stats world_stats = { .value = world_counters, .latency = &world_latency };

/* Completion queues never overflow: the applications poll after each event. */
#define WORLD_CQ_ENTRIES 256
static u8 world_cq_ring[2][2][RODP_RING_DATA + WORLD_CQ_ENTRIES * sizeof(struct rodp_cqe)]
	__attribute__((aligned(64)));

void world_init(void)
{
	world.dev.stats = &world_stats;
	world.dev.ndev = &world_netdev;
	rodp_lane_module_init();
	rodp_courier_module_init();
}

/* Whether packets have an ICRC is nothing to this network. */
bool rodp_path_is_near(const struct rodp_end *end, u32 dest_qpn, const struct rdma_ah_attr *ah)
{
	return true;
}

const struct rodp_path_ops *rodp_path_choose(struct rodp_end *end, u32 dest_qpn,
					     const struct rdma_ah_attr *ah)
{
	return world.scenario->local ? end->transport->local : end->transport->wire;
}

/* ---- memory ---- */

/* Bytes that no other work request, or other seed, has. */
static void way_fill(u8 *bytes, u32 count, u64 seed)
{
	struct dice dice = { .state = seed };
	u64 word;
	u32 i;

	for (i = 0; i < count; i += sizeof(word)) {
		word = dice_roll(&dice);
		memcpy(bytes + i, &word, sizeof(word));
	}
}

static u32 way_local_bytes(const struct way *way)
{
	u32 i, end = 0;

	for (i = 0; i < way->ops; i++)
		end = max(end, way->op[i]->local + way->op[i]->length);
	return ALIGN(end, 8);
}

static void way_fill_memory(struct way *way)
{
	u64 seed = world.scenario->seed * 4 + way_number(way);
	u32 local = way_local_bytes(way), target = world.scenario->target;

	way_fill(way->local, local, seed);
	memcpy(way->image, way->local, local);
	way_fill(way->target, target, ~seed);
	memcpy(way->expect, way->target, target);
	memset(way->received, WORLD_SCRIBBLE, way->receives * sizeof(way->received[0]));
}

static void way_register(struct way *way)
{
	struct ib_pd *asks = &world.side[way_number(way)].pd;
	struct ib_pd *answers = &world.side[!way_number(way)].pd;
	u64 iova = (u64)(way_number(way) + 1) << 44;

	way->local_mr = memory_region(asks, way->local, iova + 0x123450, SCENARIO_LOCAL,
				      IB_ACCESS_LOCAL_WRITE);
	way->target_mr = memory_region(answers, way->target, 2 * iova, world.scenario->target,
				       IB_ACCESS_LOCAL_WRITE | IB_ACCESS_REMOTE_WRITE |
					       IB_ACCESS_REMOTE_READ | IB_ACCESS_REMOTE_ATOMIC |
					       IB_ACCESS_FLUSH_GLOBAL);
	way->receive_mr = memory_region(answers, way->received, 3 * iova + 0x777,
					sizeof(way->received), IB_ACCESS_LOCAL_WRITE);
}

static void way_take_list(struct way *way)
{
	const struct scenario *scenario = world.scenario;
	u32 i;

	way->refused = U32_MAX;
	for (i = 0; i < scenario->ops; i++) {
		if (scenario->op[i].way != way_number(way))
			continue;
		if (scenario->op[i].bad)
			way->refused = min(way->refused, way->ops);
		way->op[way->ops++] = &scenario->op[i];
	}
	for (i = 0; i < scenario->receives; i++)
		if (scenario->receive[i].way == way_number(way))
			way->receive[way->receives++] = &scenario->receive[i];
}

/* ---- posting ---- */

static u8 way_opcode(const struct op *op)
{
	static const u8 opcodes[OP_KINDS] = {
		[OP_SEND] = IB_WR_SEND,
		[OP_SEND_IMM] = IB_WR_SEND_WITH_IMM,
		[OP_WRITE] = IB_WR_RDMA_WRITE,
		[OP_WRITE_IMM] = IB_WR_RDMA_WRITE_WITH_IMM,
		[OP_READ] = IB_WR_RDMA_READ,
		[OP_FETCH_ADD] = IB_WR_ATOMIC_FETCH_AND_ADD,
		[OP_CMP_SWAP] = IB_WR_ATOMIC_CMP_AND_SWP,
		[OP_ATOMIC_WRITE] = IB_WR_ATOMIC_WRITE,
		[OP_FLUSH] = IB_WR_FLUSH,
	};

	return opcodes[op->kind];
}

static void way_write_remote(const struct way *way, struct rodp_send_wqe *slot, const struct op *op)
{
	u64 va = way->target_mr->iova + op->remote;
	u32 rkey = way->target_mr->key ^ op->bad;

	if (op_is_atomic(op)) {
		slot->atomic.remote_addr = va;
		slot->atomic.rkey = rkey;
		slot->atomic.compare_add = op->operand[0];
		slot->atomic.swap = op->operand[1];
	} else if (op->kind == OP_FLUSH) {
		slot->flush.remote_addr = va;
		slot->flush.rkey = rkey;
		slot->flush.length = op->length;
		slot->flush.type = RODP_FETH_GLOBAL;
		slot->flush.level = RODP_FETH_SEL_RANGE;
	} else {
		slot->rdma.remote_addr = va;
		slot->rdma.rkey = rkey;
	}
	slot->imm_data = op->imm;
}

static void way_write_list(const struct way *way, struct rodp_send_wqe *slot, const struct op *op)
{
	u32 i, begin = 0, end;

	for (i = 0; i < slot->num_sge; i++) {
		end = i + 1 == slot->num_sge ? op->length : op->cut[i];
		slot->sge[i] = (struct rodp_sge){
			.addr = way->local_mr->iova + op->local + begin,
			.length = end - begin,
			.lkey = way->local_mr->key,
		};
		begin = end;
	}
}

/* The data of an inline request is in the ring: the memory is the application's at once. */
static void way_write_inline(struct way *way, struct rodp_send_wqe *slot, const struct op *op)
{
	slot->num_sge = 0;
	slot->inline_len = op->length;
	memcpy(slot->sge, way->local + op->local, op->length);
	memset(way->local + op->local, WORLD_SCRIBBLE, op->length);
}

/* The last one always says when it is complete. */
static u8 way_flags(const struct way *way, const struct op *op)
{
	return op->flags | (way->posted + 1 == way->ops ? RODP_WQE_SIGNALED : 0);
}

static void way_post_op(struct way *way, struct rodp_ring *ring)
{
	const struct op *op = way->op[way->posted];
	struct rodp_send_wqe *slot = rodp_ring_slot(ring, way->posted - way->begun);

	*slot = (struct rodp_send_wqe){
		.wr_id = way->posted,
		.opcode = way_opcode(op),
		.flags = way_flags(way, op),
		.num_sge = op->num_sge,
	};
	way_write_remote(way, slot, op);
	if (op->flags & RODP_WQE_INLINE)
		way_write_inline(way, slot, op);
	else
		way_write_list(way, slot, op);
	trace("%c posts %u: %s, %u bytes at %u%s%s", 'A' + way_number(way), way->posted,
	      op_names[op->kind], op->length, op->remote,
	      op->flags & RODP_WQE_FENCE ? ", fenced" : "", op->bad ? ", with a wrong key" : "");
	rodp_ring_publish_prod(ring, ++way->posted - way->begun);
}

/* So long a poster waits whose ring is full, ns. */
#define WAY_FULL 20000

static void way_post(struct env_event *event)
{
	struct way *way = container_of(event, struct way, poster);
	struct rodp_qp *qp = &world.side[way_number(way)].qp;
	struct rodp_ring *ring = &qp->tx.sq.ring;

	if (way->posted - way->begun - rodp_ring_cons(ring) >= ring->entries) {
		env_event_add(event, env_now + WAY_FULL);
		return;
	}
	way_post_op(way, ring);
	if (way->posted < way->ops)
		env_event_add(event, env_now + way->op[way->posted]->gap);
	if (READ_ONCE(ring->hdr->flags) & RODP_RING_NEED_KICK)
		rodp_qp_kick_send(qp);
}

static void way_post_receive(struct way *way, struct rodp_ring *ring)
{
	u32 n = way->receives_posted;
	const struct receive *receive = way->receive[n];
	struct rodp_recv_wqe *slot = rodp_ring_slot(ring, n - way->receives_begun);
	u64 iova = way->receive_mr->iova + (u64)n * SCENARIO_MESSAGE;
	u32 cut = receive->num_sge > 1 ? receive->cut : SCENARIO_MESSAGE,
	    key = way->receive_mr->key;

	*slot = (struct rodp_recv_wqe){ .wr_id = n, .num_sge = receive->num_sge };
	slot->sge[0] = (struct rodp_sge){ iova, cut, key };
	if (receive->num_sge > 1)
		slot->sge[1] = (struct rodp_sge){ iova + cut, SCENARIO_MESSAGE - cut, key };
	rodp_ring_publish_prod(ring, ++way->receives_posted - way->receives_begun);
}

static void way_receive(struct env_event *event)
{
	struct way *way = container_of(event, struct way, receive_poster);
	struct rodp_qp *qp = &world.side[!way_number(way)].qp;
	struct rodp_ring *ring = &qp->rx.rq.ring;

	if (way->done == way->ops) /* more are not needed */
		return;
	if (way->receives_posted - way->receives_begun - rodp_ring_cons(ring) >= ring->entries) {
		env_event_add(event, env_now + WAY_FULL);
		return;
	}
	way_post_receive(way, ring);
	if (way->receives_posted < way->receives)
		env_event_add(event, env_now + way->receive[way->receives_posted]->gap);
	if (READ_ONCE(ring->hdr->flags) & RODP_RING_NEED_KICK)
		rodp_qp_kick_recv(qp);
}

static void way_begin(struct way *way)
{
	way->poster = (struct env_event){ .fire = way_post };
	way->receive_poster = (struct env_event){ .fire = way_receive, .cpu = 1 };
	if (way->ops)
		env_event_add(&way->poster, way->op[0]->gap);
	if (way->receives)
		env_event_add(&way->receive_poster, way->receive[0]->gap);
}

static void way_make(struct way *way)
{
	memset(way, 0, offsetof(struct way, local));
	way_take_list(way);
	way_fill_memory(way);
	way_register(way);
}

/* ---- queue pairs ---- */

static void side_completion(struct ib_cq *cq, void *context)
{
	world.side[(long)context].told = true;
}

static void side_event(struct ib_event *event, void *context)
{
	const struct way *way = &world.way[!context];

	if (event->event == IB_EVENT_QP_ACCESS_ERR && way_is_refused(way))
		return;
	if (event->event != IB_EVENT_COMM_EST)
		fail("side %c has the asynchronous event %d", (int)('A' + (long)context),
		     event->event);
}

static void side_make_cq(struct rodp_cq *cq, long side, void *ring)
{
	memset(cq, 0, sizeof(*cq));
	rodp_cq_init(cq);
	memset(ring, 0, RODP_RING_DATA);
	cq->ring = (struct rodp_ring){ ring, WORLD_CQ_ENTRIES, sizeof(struct rodp_cqe), NULL };
	cq->ring.hdr->flags = RODP_CQ_ARM_NEXT;
	cq->ib.comp_handler = side_completion;
	cq->ib.event_handler = side_event;
	cq->ib.cq_context = (void *)side;
}

static void side_make(struct side *side, long number)
{
	const struct ib_qp_init_attr init = {
		.send_cq = &side->send_cq.ib,
		.recv_cq = &side->recv_cq.ib,
		.cap = {
			.max_send_wr = world.scenario->send_entries,
			.max_recv_wr = world.scenario->receive_entries,
			.max_send_sge = SCENARIO_SGES,
			.max_recv_sge = 2,
			.max_inline_data = SCENARIO_INLINE,
		},
		.sq_sig_type = IB_SIGNAL_REQ_WR,
		.qp_type = world.scenario->unreliable ? IB_QPT_UC : IB_QPT_RC,
	};
	static struct ib_ucontext process;

	memset(side, 0, sizeof(*side));
	side->pd.device = &world.dev.ib;
	side_make_cq(&side->send_cq, number, world_cq_ring[number][0]);
	side_make_cq(&side->recv_cq, number, world_cq_ring[number][1]);
	side->qp.end.ib = (struct ib_qp){
		.device = &world.dev.ib,
		.pd = &side->pd,
		.qp_type = init.qp_type,
		.qp_context = (void *)number,
		.event_handler = side_event,
	};
	if (rodp_qp_create(&side->qp, &world.dev, &init, &process, NULL))
		fail("a queue pair cannot be made");
}

static void side_modify(struct side *side, struct ib_qp_attr *attr, enum ib_qp_state state,
			int mask)
{
	attr->qp_state = state;
	if (rodp_qp_modify(&side->qp, attr, mask | IB_QP_STATE))
		fail("a queue pair does not become %d", state);
}

/* A new connection begins far from the PSNs of the one before, of which packets may still come. */
static u32 side_psn(u32 number)
{
	return (world.scenario->psn[number] + world.lives * (1u << 22)) & RODP_PSN_MASK;
}

static void side_connect(struct side *side, u32 number)
{
	const struct scenario *scenario = world.scenario;
	struct ib_qp_attr attr = {
		.port_num = 1,
		.qp_access_flags = IB_ACCESS_REMOTE_WRITE | IB_ACCESS_REMOTE_READ |
				   IB_ACCESS_REMOTE_ATOMIC | IB_ACCESS_FLUSH_GLOBAL,
		.path_mtu = scenario->mtu,
		.dest_qp_num = world.side[!number].qp.end.ib.qp_num,
		.rq_psn = side_psn(!number),
		.sq_psn = side_psn(number),
		.max_dest_rd_atomic = scenario->rd_atomic,
		.max_rd_atomic = scenario->rd_atomic,
		.min_rnr_timer = scenario->rnr_timer,
		.timeout = scenario->timeout,
		.retry_cnt = scenario->retries,
		.rnr_retry = 7,
	};

	side_modify(side, &attr, IB_QPS_INIT, IB_QP_PORT | IB_QP_PKEY_INDEX | IB_QP_ACCESS_FLAGS);
	side_modify(side, &attr, IB_QPS_RTR,
		    IB_QP_AV | IB_QP_PATH_MTU | IB_QP_DEST_QPN | IB_QP_RQ_PSN |
			    IB_QP_MAX_DEST_RD_ATOMIC | IB_QP_MIN_RNR_TIMER);
	side_modify(side, &attr, IB_QPS_RTS,
		    IB_QP_SQ_PSN | IB_QP_TIMEOUT | IB_QP_RETRY_CNT | IB_QP_RNR_RETRY |
			    IB_QP_MAX_QP_RD_ATOMIC);
}

/* ---- a second life ---- */

/* Its work requests are complete, all or some of them, or never will be; so is what is received. */
static void way_restart(struct way *way)
{
	oracle_cut_off(way);
	way->begun = way->done = way->posted;
	if (way->refused < way->posted) /* was never executed */
		way->refused = U32_MAX;
	way->receives_begun = way->receives_posted = way->receives_done;
	if (way->receives_posted < way->receives && !env_event_is_queued(&way->receive_poster))
		env_event_add(&way->receive_poster, env_now);
}

static void world_restart(struct env_event *event)
{
	struct ib_qp_attr reset = { 0 };
	u32 i;

	for (i = 0; i < 2; i++)
		if (world.side[i].qp.end.state != IB_QPS_RTS)
			return; /* receives were flushed: there would not be enough */
	trace("both go to RESET, and connect again");
	for (i = 0; i < 2; i++)
		side_modify(&world.side[i], &reset, IB_QPS_RESET, 0);
	world.side[0].told = world.side[1].told = true;
	world_poll();
	world.lives++;
	for (i = 0; i < 2; i++)
		way_restart(&world.way[i]);
	for (i = 0; i < 2; i++)
		side_connect(&world.side[i], i);
}

void world_begin(const struct scenario *scenario)
{
	long i;

	world.scenario = scenario;
	world.lives = 0;
	world.restart = (struct env_event){ .fire = world_restart };
	if (scenario->restart)
		env_event_add(&world.restart, scenario->restart);
	memory_begin(scenario->on_demand);
	for (i = 0; i < 2; i++)
		side_make(&world.side[i], i);
	for (i = 0; i < 2; i++)
		way_make(&world.way[i]);
	for (i = 0; i < 2; i++)
		side_connect(&world.side[i], i);
	for (i = 0; i < 2; i++)
		way_begin(&world.way[i]);
}

/* ---- completions ---- */

static void side_poll_cq(struct rodp_cq *cq, struct way *way,
			 void (*take)(struct way *way, const struct rodp_cqe *cqe))
{
	struct rodp_ring_hdr *hdr = cq->ring.hdr;
	struct rodp_cqe cqe;

	while (hdr->cons != rodp_ring_prod(&cq->ring)) {
		cqe = *(struct rodp_cqe *)rodp_ring_slot(&cq->ring, hdr->cons);
		rodp_ring_publish_cons(&cq->ring, hdr->cons + 1);
		take(way, &cqe);
	}
	hdr->flags = RODP_CQ_ARM_NEXT;
}

/* A receive is complete before its sender hears of it: so those are looked at first. */
void world_poll(void)
{
	u32 i;

	if (likely(!world.side[0].told && !world.side[1].told))
		return;
	for (i = 0; i < 2; i++)
		side_poll_cq(&world.side[i].recv_cq, &world.way[!i], oracle_received);
	for (i = 0; i < 2; i++)
		side_poll_cq(&world.side[i].send_cq, &world.way[i], oracle_completed);
	world.side[0].told = world.side[1].told = false;
}

void world_end(void)
{
	u32 i;

	for (i = 0; i < 2; i++)
		oracle_end(&world.way[i]);
	for (i = 0; i < 2; i++)
		rodp_qp_destroy(&world.side[i].qp);
	if (env_event_next())
		fail("something is queued of queue pairs that are no more");
	if (memory_faults())
		fail("a fault is under way for queue pairs that are no more");
	if (env_skbs)
		fail("%ld packets are not freed", env_skbs);
}
