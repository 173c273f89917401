/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * A cell of the loss table: numbered messages of one operation and transport, in rounds of
 * LOSS_DEPTH. Length and bytes of a message follow from its number and the seed, so that whoever
 * finds one can tell whether it is whole. Each message has a slot in the memory at either end.
 */
#ifndef LOSS_H
#define LOSS_H

#include "vt.h"

enum {
	LOSS_DEPTH = 8, /* messages of a round */
	LOSS_MAX_LEN = 9000, /* bytes: three packets at the largest path MTU */
	LOSS_SLOT = 12288,
};

struct loss;

/* What a column of the table does. */
struct loss_column {
	const char *name;
	enum ibv_qp_type transport;
	enum ibv_wr_opcode opcode;
	/* Connected or made; then the memory; then rounds; then all is closed. */
	void (*open)(struct loss *loss);
	void (*round)(struct loss *loss);
	void (*close)(struct loss *loss);
	bool rest; /* in none but long runs */
};

struct loss {
	const struct loss_column *column;
	struct vt_device *a, *b; /* who asks, who answers */
	enum vt_memory memory;
	bool gone; /* the device is taken away: that its requests end is all that is asked */
	int access; /* that the memory grants */
	struct vt_conn conn; /* of a and b; of XRC, b's CQ is the SRQ's */
	struct ibv_mw
		*window[LOSS_DEPTH]; /* b's, one for each slot; their keys are as bound last */
	struct ibv_ah *ah; /* UD */
	struct ibv_xrcd *xrcd; /* XRC, and these */
	struct ibv_srq *srq;
	uint32_t srqn;
	int file;
	struct vt_buf from, to; /* where messages come from and go to; of a READ, from is b's */
	uint64_t next; /* number of the next message */
	uint64_t word; /* what the word that atomics work on holds */
	uint64_t lost, again; /* messages that did not come, or came more than once */
	bool over; /* the peer was given up, or the device is gone */
};

/* message.c */

/* The length of message number n, 1 to `most` bytes. */
uint32_t loss_len(uint64_t n, uint32_t most);
/* Puts it at `at`. */
void loss_fill(uint8_t *at, uint64_t n, uint32_t len);
/* Fails unless it is there. */
void loss_verify(const uint8_t *at, uint64_t n, uint32_t len);
/* Whether a byte at this position is the message's. */
bool loss_is_byte(uint8_t byte, uint64_t n, uint32_t at);
/* The slot of a message, as an offset in either memory. */
size_t loss_slot(uint64_t n);

/* wait.c */

/*
 * The completion of request number n, which is the next. False: it failed as such a network may make it
 * fail (--lossy: the retries ran out; gone: in any way), those up to number `end` ended after it, once
 * each, and the cell is over.
 */
bool loss_sent(struct loss *loss, uint64_t n, uint64_t end);
/* The next completion of b's within ms; false: there is none. */
bool loss_received(struct loss *loss, struct ibv_wc *wc, unsigned int ms);
/* Fails if a or b has a completion that nobody waits for. */
void loss_no_more(struct loss *loss);

/* reliable.c, atomic.c, words.c, window.c, unreliable.c, xrc.c */
void loss_open_rc(struct loss *loss);
void loss_close_conn(struct loss *loss);
void loss_round_reliable(struct loss *loss);
void loss_round_fetch_add(struct loss *loss);
void loss_round_cmp_swap(struct loss *loss);
void loss_open_atomic_write(struct loss *loss);
void loss_round_atomic_write(struct loss *loss);
void loss_open_flush(struct loss *loss);
void loss_round_flush(struct loss *loss);
void loss_open_windows(struct loss *loss);
void loss_close_windows(struct loss *loss);
void loss_round_send_inv(struct loss *loss);
void loss_round_local_inv(struct loss *loss);
void loss_open_uc(struct loss *loss);
void loss_round_uc_write(struct loss *loss);
void loss_round_uc_plain_write(struct loss *loss);
void loss_round_send(struct loss *loss);
void loss_open_ud(struct loss *loss);
void loss_close_ud(struct loss *loss);
void loss_open_xrc(struct loss *loss);
/* Of attr count wr_api, send_ops, access. */
void loss_open_xrc_with(struct loss *loss, const struct vt_conn_attr *attr);
void loss_close_xrc(struct loss *loss);

/* Posts a receive into the slot of `to` that wr_id names; of XRC, to the SRQ. */
void loss_post_receive(struct loss *loss, uint64_t wr_id, uint32_t room);
/* Posts a request; false: the device is gone. */
bool loss_post(struct loss *loss, const struct vt_op *op);
/* A request for message number n, of `len` bytes. */
struct vt_op loss_request(struct loss *loss, uint64_t n, uint32_t len);

#endif
