/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * Situations in which a queue pair can be stopped: it waits for memory, for a receive of its peer, for a peer
 * that does not answer, or is in the middle of something. A stage has the devices and the memory for
 * up to VT_STAGE_PAIRS connections, each of which is brought into one situation.
 */
#ifndef VT_SITUATION_H
#define VT_SITUATION_H

#include "vt.h"

#define VT_STAGE_PAIRS 96
#define VT_STAGE_SLOT  (256 * 1024) /* bytes of each memory that a connection has for itself */

/* Memory of this process, known to both devices. */
struct vt_shared {
	uint8_t *at;
	struct ibv_mr *mr_a, *mr_b;
};

struct vt_stage {
	struct vt_device *a, *b;
	struct vt_shared held; /* on demand; a userfaultfd keeps the pages from coming */
	struct vt_shared cold; /* on demand; absent when a stage is set */
	struct vt_shared warm; /* pinned */
	int uffd;
};

/* Opens --dev and --peer-dev; skips without on-demand paging or userfaultfd. */
void vt_stage_open(struct vt_stage *stage);
/* Absent pages are absent again, and held ones are held. */
void vt_stage_set(struct vt_stage *stage);
/* The pages that were held come. */
void vt_stage_release(struct vt_stage *stage);
void vt_stage_close(struct vt_stage *stage);

struct vt_situation {
	const char *name;
	struct vt_conn_attr attr;
	/* Posts what leads a connection there; `slot` is its part of the stage's memory. */
	void (*enter)(struct vt_stage *stage, struct vt_conn *conn, unsigned int slot);
	unsigned int posted; /* work requests that end a then has to complete */
	const char *counter; /* of --dev, that tells that somebody was there; NULL: none does */
	bool of_b; /* the QP that is in the situation is b's */
	unsigned int settle_ms; /* until it is so */
	bool passing; /* it is over after a while, by itself; what stands behind it is not */
};

#define VT_SITUATIONS 7
extern const struct vt_situation vt_situations[VT_SITUATIONS];

#endif
