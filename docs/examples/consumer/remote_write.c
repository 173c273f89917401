// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
//
// remote_write DEVICE GID-INDEX: the tiny RDMA program of the sample project. Two queue pairs of one device,
// connected to each other; the first writes a text into the second's memory, which is a
// mapping of 1 GiB that nobody has touched and that is registered without pinning.
#include <infiniband/verbs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SPAN  (1UL << 30)
#define AT    (SPAN / 2 + 4090) // bytes into the mapping; the text crosses a page
#define POLLS 100000000L // far more than a write needs

static const char text[] = "written by a peer, into memory that was not there";

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct ibv_context *open_device(const char *name)
{
	struct ibv_device **list = ibv_get_device_list(NULL);
	struct ibv_context *ctx = NULL;

	for (int i = 0; list && list[i] && !ctx; i++)
		if (!strcmp(ibv_get_device_name(list[i]), name))
			ctx = ibv_open_device(list[i]);
	if (!ctx) {
		fprintf(stderr, "no RDMA device '%s' that can be opened; try ibv_devices\n", name);
		exit(1);
	}
	ibv_free_device_list(list);
	return ctx;
}

static struct ibv_qp *make_qp(struct ibv_pd *pd, struct ibv_cq *cq)
{
	struct ibv_qp_init_attr init = {
		.send_cq = cq,
		.recv_cq = cq,
		.qp_type = IBV_QPT_RC,
		.cap = { .max_send_wr = 1, .max_recv_wr = 1, .max_send_sge = 1, .max_recv_sge = 1 },
	};
	struct ibv_qp *qp = ibv_create_qp(pd, &init);

	if (!qp)
		die("ibv_create_qp");
	return qp;
}

static void connect_qp(struct ibv_qp *qp, unsigned int peer, const union ibv_gid *gid, int index)
{
	struct ibv_qp_attr init = { .qp_state = IBV_QPS_INIT,
				    .port_num = 1,
				    .qp_access_flags = IBV_ACCESS_REMOTE_WRITE };
	struct ibv_qp_attr rtr = {
		.qp_state = IBV_QPS_RTR,
		.path_mtu = IBV_MTU_1024,
		.dest_qp_num = peer,
		.min_rnr_timer = 12,
		.ah_attr = { .is_global = 1,
			     .port_num = 1,
			     .grh = { .dgid = *gid, .sgid_index = index, .hop_limit = 64 } }
	};
	struct ibv_qp_attr rts = {
		.qp_state = IBV_QPS_RTS, .timeout = 18, .retry_cnt = 7, .rnr_retry = 7
	};

	if (ibv_modify_qp(qp, &init,
			  IBV_QP_STATE | IBV_QP_PKEY_INDEX | IBV_QP_PORT | IBV_QP_ACCESS_FLAGS))
		die("to INIT");
	if (ibv_modify_qp(qp, &rtr,
			  IBV_QP_STATE | IBV_QP_AV | IBV_QP_PATH_MTU | IBV_QP_DEST_QPN |
				  IBV_QP_RQ_PSN | IBV_QP_MAX_DEST_RD_ATOMIC | IBV_QP_MIN_RNR_TIMER))
		die("to RTR");
	if (ibv_modify_qp(qp, &rts,
			  IBV_QP_STATE | IBV_QP_TIMEOUT | IBV_QP_RETRY_CNT | IBV_QP_RNR_RETRY |
				  IBV_QP_SQ_PSN | IBV_QP_MAX_QP_RD_ATOMIC))
		die("to RTS");
}

static void write_text(struct ibv_qp *qp, struct ibv_mr *from, const struct ibv_mr *to)
{
	struct ibv_sge sge = { .addr = (uintptr_t)from->addr,
			       .length = sizeof(text),
			       .lkey = from->lkey };
	struct ibv_send_wr *bad;
	struct ibv_send_wr wr = { .opcode = IBV_WR_RDMA_WRITE,
				  .send_flags = IBV_SEND_SIGNALED,
				  .sg_list = &sge,
				  .num_sge = 1,
				  .wr.rdma = { .remote_addr = (uintptr_t)to->addr + AT,
					       .rkey = to->rkey } };

	if (ibv_post_send(qp, &wr, &bad))
		die("ibv_post_send");
}

static void wait_for(struct ibv_cq *cq)
{
	struct ibv_wc wc;

	for (long i = 0; i < POLLS; i++) {
		int n = ibv_poll_cq(cq, 1, &wc);

		if (n < 0)
			die("ibv_poll_cq");
		if (n == 0)
			continue;
		if (wc.status == IBV_WC_SUCCESS)
			return;
		fprintf(stderr, "the write failed: %s\n", ibv_wc_status_str(wc.status));
		exit(1);
	}
	fprintf(stderr, "the write did not complete\n");
	exit(1);
}

int main(int argc, char **argv)
{
	static char source[sizeof(text)];
	struct ibv_context *ctx;
	struct ibv_mr *from, *to;
	struct ibv_qp *a, *b;
	struct ibv_pd *pd;
	struct ibv_cq *cq;
	union ibv_gid gid;
	char *memory;
	int index;

	if (argc != 3) {
		fprintf(stderr, "usage: remote_write DEVICE GID-INDEX\n");
		return 2;
	}
	index = atoi(argv[2]);
	ctx = open_device(argv[1]);
	if (ibv_query_gid(ctx, 1, index, &gid))
		die("ibv_query_gid");
	memory = mmap(NULL, SPAN, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	pd = ibv_alloc_pd(ctx);
	cq = ibv_create_cq(ctx, 2, NULL, NULL, 0);
	if (memory == MAP_FAILED || !pd || !cq)
		die("memory, protection domain, completion queue");

	memcpy(source, text, sizeof(text));
	from = ibv_reg_mr(pd, source, sizeof(source), 0);
	to = ibv_reg_mr(pd, memory, SPAN,
			IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE | IBV_ACCESS_ON_DEMAND);
	if (!from || !to)
		die("ibv_reg_mr: does the device page on demand? ibv_devinfo -v tells");

	a = make_qp(pd, cq);
	b = make_qp(pd, cq);
	connect_qp(a, b->qp_num, &gid, index);
	connect_qp(b, a->qp_num, &gid, index);
	write_text(a, from, to);
	wait_for(cq);

	if (memcmp(memory + AT, text, sizeof(text))) {
		fprintf(stderr, "what arrived is not what was sent\n");
		return 1;
	}
	printf("%s\n", memory + AT);
	return 0;
}
