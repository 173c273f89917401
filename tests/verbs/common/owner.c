// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* A region of another process, see owner.h. */
#include <unistd.h>

#include "owner.h"
#include "vt.h"

void vt_owner_meet(struct vt_owner *owner, void (*be_owner)(int socket))
{
	struct vt_end_addr addr;

	owner->pid = vt_fork_with_socket(&owner->socket);
	if (!owner->pid) {
		be_owner(owner->socket);
		exit(0);
	}
	owner->dev = vt_open_a();
	vt_end_open(&owner->end, owner->dev, NULL);
	vt_hear(owner->socket, &owner->offer, sizeof(owner->offer), NULL);
	addr = vt_end_addr(&owner->end);
	vt_tell(owner->socket, &addr, sizeof(addr), -1);
	vt_end_connect(&owner->end, &owner->offer.addr, NULL);
	vt_hear(owner->socket, &(char){ 0 }, 1, NULL);
}

void vt_owner_part(struct vt_owner *owner)
{
	vt_end_close(&owner->end);
	vt_close(owner->dev);
	close(owner->socket);
}

void vt_owner_offer(int socket, struct vt_device *dev, const struct ibv_mr *mr, struct vt_end *end)
{
	struct vt_end_addr peer;
	struct vt_offer offer;

	vt_end_open(end, dev, NULL);
	offer = (struct vt_offer){
		.addr = vt_end_addr(end),
		.at = (uintptr_t)mr->addr,
		.rkey = mr->rkey,
		.itself = vt_faults_itself(dev),
	};
	vt_tell(socket, &offer, sizeof(offer), -1);
	vt_hear(socket, &peer, sizeof(peer), NULL);
	vt_end_connect(end, &peer, NULL);
	vt_tell(socket, "", 1, -1);
}
