// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Work queues, the rings that the process fills: what SQ, RQ and SRQ share.
 */
#include <errno.h>
#include <unistd.h>

#include "rodp.h"
#include "wq.h"

/*
 * Map a work queue of a QP or SRQ. min_stride is the least number of bytes that
 * its slots must have, max_sge the number of scatter/gather entries that the
 * kernel granted. Returns 0 or an errno.
 */
int rodp_wq_init(struct rodp_wq *wq, struct ibv_context *context, const struct rodp_ring_resp *resp,
		 size_t min_stride, uint32_t max_sge)
{
	int err;

	err = rodp_ring_map(&wq->ring, context, resp, min_stride);
	if (err)
		return err;

	pthread_spin_init(&wq->lock, PTHREAD_PROCESS_PRIVATE);
	wq->max_sge = max_sge;
	rodp_wq_reload(wq);
	return 0;
}

/* Take both counters from the ring, after the kernel has emptied it. */
void rodp_wq_reload(struct rodp_wq *wq)
{
	if (!wq->ring.hdr)
		return;
	pthread_spin_lock(&wq->lock);
	wq->prod = rodp_ring_acquire(&wq->ring.hdr->prod);
	wq->cons = rodp_ring_acquire(&wq->ring.hdr->cons);
	pthread_spin_unlock(&wq->lock);
}

int rodp_wq_init_recv(struct rodp_wq *wq, struct ibv_context *context,
		      const struct rodp_ring_resp *resp, uint32_t max_sge)
{
	size_t min_stride = sizeof(struct rodp_recv_wqe) +
			    (size_t)max_sge * sizeof(struct rodp_sge);

	return rodp_wq_init(wq, context, resp, min_stride, max_sge);
}

void rodp_wq_destroy(struct rodp_wq *wq)
{
	if (!wq->ring.hdr)
		return;
	pthread_spin_destroy(&wq->lock);
	rodp_ring_unmap(&wq->ring);
}

static int fill_recv(struct rodp_wq *wq, const struct ibv_recv_wr *wr)
{
	struct rodp_recv_wqe *wqe;
	int i;

	if ((uint32_t)wr->num_sge > wq->max_sge) /* a negative one as well */
		return EINVAL;

	wqe = rodp_wq_slot(wq, wq->prod);
	if (!wqe)
		return ENOMEM;

	wqe->wr_id = wr->wr_id;
	wqe->num_sge = wr->num_sge;
	wqe->reserved = 0;
	for (i = 0; i < wr->num_sge; i++)
		wqe->sge[i] = rodp_sge_from_ibv(&wr->sg_list[i]);
	return 0;
}

/* Returns 0 or, with *bad_wr set, why the rest of the list was not posted. */
static int fill_recv_list(struct rodp_wq *wq, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr,
			  bool *kick)
{
	uint32_t first;
	int err = 0;

	pthread_spin_lock(&wq->lock);
	first = wq->prod;
	for (; wr; wr = wr->next) {
		err = fill_recv(wq, wr);
		if (err) {
			*bad_wr = wr;
			break;
		}
		wq->prod++;
	}
	*kick = wq->prod != first && rodp_wq_publish(wq);
	pthread_spin_unlock(&wq->lock);

	return err;
}

/*
 * Post a list of receives to the queue whose doorbell is command and handle, and
 * ring it at most once. Returns 0 or, with *bad_wr the first request that was not
 * posted, EINVAL (no such queue, too many entries), ENOMEM (the queue is full) or
 * the doorbell's error.
 */
int rodp_wq_post_recv(struct rodp_wq *wq, struct ibv_context *context, uint32_t command,
		      uint32_t handle, struct ibv_recv_wr *wr, struct ibv_recv_wr **bad_wr)
{
	struct ibv_recv_wr *first = wr;
	int err, kick_err;
	bool kick;

	if (!wq->ring.hdr) {
		*bad_wr = wr;
		return EINVAL;
	}

	err = fill_recv_list(wq, wr, bad_wr, &kick);
	if (!kick)
		return err;

	kick_err = rodp_doorbell(context, command, handle);
	if (kick_err) {
		*bad_wr = first;
		return kick_err;
	}
	return err;
}
