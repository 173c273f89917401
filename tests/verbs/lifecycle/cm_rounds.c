// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * 1000 rounds of connect, exchange, disconnect through rdma_cm, then storms of connections
 * at once. Every byte is checked, and in the end the device has the objects that it had before.
 */
#include <arpa/inet.h>
#include <poll.h>

#include <rdma/rdma_cma.h>

#include "vt.h"

enum {
	STORM = 32,
	STORMS = 3,
	BYTES = 3000,
	WAIT_MS = 2000 /* address and route resolution */
};

struct side {
	struct rdma_event_channel *events;
	struct rdma_cm_id *id;
	struct ibv_mr *mr;
	uint8_t data[2][BYTES]; /* to send, to receive */
};

static struct rdma_event_channel *listen_events;
static struct sockaddr_in address;

static struct rdma_cm_event *next_event(struct rdma_event_channel *channel)
{
	struct pollfd fd = { .fd = channel->fd, .events = POLLIN };
	struct rdma_cm_event *event;

	if (poll(&fd, 1, vt_options.wait_ms) != 1)
		vt_fail("no rdma_cm event within %u ms", vt_options.wait_ms);
	if (rdma_get_cm_event(channel, &event))
		vt_fail("rdma_get_cm_event: %m");
	return event;
}

/* The next event must be this one; returns whom it concerns. */
static struct rdma_cm_id *expect(struct rdma_event_channel *channel, enum rdma_cm_event_type type)
{
	struct rdma_cm_event *event = next_event(channel);
	struct rdma_cm_id *id = event->id;

	if (event->event != type)
		vt_fail("rdma_cm event %s (status %d) instead of %s", rdma_event_str(event->event),
			event->status, rdma_event_str(type));
	rdma_ack_cm_event(event);
	return id;
}

static void make_qp(struct side *side, uint64_t seed)
{
	struct ibv_qp_init_attr attr = {
		.cap = { .max_send_wr = 4, .max_recv_wr = 4, .max_send_sge = 1, .max_recv_sge = 1 },
		.qp_type = IBV_QPT_RC,
	};
	struct ibv_sge sge;
	struct ibv_recv_wr *bad, wr = { .wr_id = 1, .sg_list = &sge, .num_sge = 1 };

	if (rdma_create_qp(side->id, NULL, &attr))
		vt_fail("rdma_create_qp: %m");
	side->mr = ibv_reg_mr(side->id->pd, side->data, sizeof(side->data), IBV_ACCESS_LOCAL_WRITE);
	if (!side->mr)
		vt_fail("registering a buffer: %m");
	vt_fill(side->data[0], BYTES, seed, 0);
	memset(side->data[1], 0, BYTES);
	sge = (struct ibv_sge){ (uintptr_t)side->data[1], BYTES, side->mr->lkey };
	vt_check(!ibv_post_recv(side->id->qp, &wr, &bad));
}

static void expect_completion(struct ibv_cq *cq)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;
	struct ibv_wc wc;
	int n;

	while (!(n = ibv_poll_cq(cq, 1, &wc)))
		if (vt_now_ns() > end_ns)
			vt_fail("no completion within %u ms", vt_options.wait_ms);
	if (n < 0 || wc.status)
		vt_fail("a message completed with \"%s\"", ibv_wc_status_str(wc.status));
}

static void send_data(struct side *side)
{
	struct ibv_sge sge = { (uintptr_t)side->data[0], BYTES, side->mr->lkey };
	struct ibv_send_wr *bad;
	struct ibv_send_wr wr = {
		.sg_list = &sge,
		.num_sge = 1,
		.opcode = IBV_WR_SEND,
		.send_flags = IBV_SEND_SIGNALED,
	};

	vt_check(!ibv_post_send(side->id->qp, &wr, &bad));
}

/* Both ways at once. */
static void exchange(struct side *a, struct side *b, uint64_t seed)
{
	send_data(a);
	send_data(b);
	expect_completion(a->id->send_cq);
	expect_completion(b->id->send_cq);
	expect_completion(a->id->recv_cq);
	expect_completion(b->id->recv_cq);
	vt_verify(a->data[1], BYTES, seed + 1, 0, "what the client got");
	vt_verify(b->data[1], BYTES, seed, 0, "what the server got");
}

static void client_begin(struct side *side, uint64_t seed)
{
	struct rdma_conn_param param = { .retry_count = 7, .rnr_retry_count = 7 };

	side->events = rdma_create_event_channel();
	if (!side->events || rdma_create_id(side->events, &side->id, NULL, RDMA_PS_TCP))
		vt_fail("rdma_create_id: %m");
	if (rdma_resolve_addr(side->id, NULL, (struct sockaddr *)&address, WAIT_MS))
		vt_fail("rdma_resolve_addr: %m");
	expect(side->events, RDMA_CM_EVENT_ADDR_RESOLVED);
	if (rdma_resolve_route(side->id, WAIT_MS))
		vt_fail("rdma_resolve_route: %m");
	expect(side->events, RDMA_CM_EVENT_ROUTE_RESOLVED);
	make_qp(side, seed);
	param.private_data = &side; /* tells the server which client this is */
	param.private_data_len = sizeof(side);
	if (rdma_connect(side->id, &param))
		vt_fail("rdma_connect: %m");
}

/* Takes one connection request; returns the client that sent it. */
static struct side *server_accept(struct side *side, struct side *clients, uint64_t seed)
{
	struct rdma_conn_param param = { .rnr_retry_count = 7 };
	struct rdma_cm_event *event = next_event(listen_events);
	struct side *client;

	if (event->event != RDMA_CM_EVENT_CONNECT_REQUEST)
		vt_fail("rdma_cm event %s (status %d) on the listener",
			rdma_event_str(event->event), event->status);
	vt_check(event->param.conn.private_data_len >= sizeof(client));
	memcpy(&client, event->param.conn.private_data, sizeof(client));
	side->id = event->id;
	rdma_ack_cm_event(event);
	/* Its own events must not come in between other requests. */
	side->events = rdma_create_event_channel();
	if (!side->events || rdma_migrate_id(side->id, side->events))
		vt_fail("rdma_migrate_id: %m");
	make_qp(side, seed + 2 * (client - clients) + 1);
	if (rdma_accept(side->id, &param))
		vt_fail("rdma_accept: %m");
	return client;
}

static void end(struct side *side)
{
	rdma_destroy_qp(side->id);
	vt_check(!ibv_dereg_mr(side->mr));
	vt_check(!rdma_destroy_id(side->id));
	rdma_destroy_event_channel(side->events);
}

/* n connections at once, each with an exchange. */
static void round_of(struct side *clients, struct side *servers, unsigned int n, uint64_t seed)
{
	struct side *client_of[STORM];
	unsigned int i;

	for (i = 0; i < n; i++)
		client_begin(&clients[i], seed + 2 * i);
	for (i = 0; i < n; i++)
		client_of[i] = server_accept(&servers[i], clients, seed);
	/* A server is told by what its client sends when it takes this event. */
	for (i = 0; i < n; i++)
		expect(clients[i].events, RDMA_CM_EVENT_ESTABLISHED);
	for (i = 0; i < n; i++)
		expect(servers[i].events, RDMA_CM_EVENT_ESTABLISHED);
	for (i = 0; i < n; i++)
		exchange(client_of[i], &servers[i], seed + 2 * (client_of[i] - clients));
	for (i = 0; i < n; i++)
		vt_check(!rdma_disconnect(clients[i].id));
	for (i = 0; i < n; i++) {
		expect(servers[i].events, RDMA_CM_EVENT_DISCONNECTED);
		vt_check(!rdma_disconnect(servers[i].id));
	}
	for (i = 0; i < n; i++)
		expect(clients[i].events, RDMA_CM_EVENT_DISCONNECTED);
	for (i = 0; i < n; i++) {
		end(&clients[i]);
		end(&servers[i]);
	}
}

static struct rdma_cm_id *make_listener(void)
{
	const char *host = getenv("RDMA_PEER_ADDR");
	struct rdma_cm_id *id;

	if (!host)
		vt_skip("RDMA_PEER_ADDR is not set: the lab does, with --link");
	address = (struct sockaddr_in){ .sin_family = AF_INET };
	vt_check(inet_pton(AF_INET, host, &address.sin_addr) == 1);
	listen_events = rdma_create_event_channel();
	if (!listen_events || rdma_create_id(listen_events, &id, NULL, RDMA_PS_TCP))
		vt_fail("rdma_create_id: %m (is rdma_ucm loaded?)");
	if (rdma_bind_addr(id, (struct sockaddr *)&address) || rdma_listen(id, STORM))
		vt_fail("listening on %s: %m", host);
	address.sin_port = rdma_get_src_port(id);
	return id;
}

/* How many objects of this kind rdma(8) shows. */
static unsigned int objects(const char *kind)
{
	char command[64];
	unsigned int n = 0;
	FILE *pipe;
	int c;

	snprintf(command, sizeof(command), "rdma resource show %s", kind);
	pipe = popen(command, "r");
	if (!pipe)
		vt_fail("running %s: %m", command);
	while ((c = fgetc(pipe)) != EOF)
		n += c == '\n';
	if (pclose(pipe))
		vt_fail("%s failed", command);
	return n;
}

static const char *const kinds[] = { "qp", "cq", "mr", "pd", "cm_id" };

static void count(unsigned int *n)
{
	size_t i;

	for (i = 0; i < VT_ARRAY_SIZE(kinds); i++)
		n[i] = objects(kinds[i]);
}

int main(int argc, char **argv)
{
	static struct side clients[STORM], servers[STORM];
	unsigned int before[VT_ARRAY_SIZE(kinds)], after[VT_ARRAY_SIZE(kinds)];
	unsigned int i, rounds;
	struct rdma_cm_id *id;
	uint64_t start;

	vt_init(argc, argv);
	rounds = vt_options.rounds ? vt_options.rounds : 1000;
	id = make_listener();
	vt_case("the first round");
	round_of(clients, servers, 1, 1); /* what librdmacm keeps for ever is made now */
	count(before);
	start = vt_now_ns();
	for (i = 0; i < rounds; i++) {
		vt_case("round %u", i);
		round_of(clients, servers, 1, 1000 + i);
	}
	vt_note("%u rounds, %.0f a second", rounds, rounds * 1e9 / (vt_now_ns() - start));
	for (i = 0; i < STORMS; i++) {
		vt_case("storm %u of %d connections", i, STORM);
		round_of(clients, servers, STORM, 100000 + 1000 * i);
	}
	vt_case("nothing is left");
	count(after);
	for (i = 0; i < VT_ARRAY_SIZE(kinds); i++)
		if (after[i] != before[i])
			vt_fail("%u objects \"%s\" now, %u before", after[i], kinds[i], before[i]);
	vt_check(!rdma_destroy_id(id));
	rdma_destroy_event_channel(listen_events);
	return vt_pass();
}
