// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A process that was root registers memory, so that the threads that fault for it are there, and gives its
 * privileges up. On a file system whose free blocks are reserved for root a peer's WRITE into a hole of
 * its file finds none, as its own write() does: the device faults with the rights that the process has now.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vt.h"

#define PLACE  "/tmp/vt-reserved"
#define LEN    4096ul
#define HOLE   (1ul << 20)
#define NOBODY 65534

static char piece[64 * 1024];

static void make_disk(const char *disk)
{
	vt_run("PATH=$PATH:/sbin:/usr/sbin; mkfs.ext4 -q -F -m 50 %s 64M && mkdir -p " PLACE
	       " && mount %s " PLACE " && mkdir " PLACE "/d && chmod 777 " PLACE "/d",
	       disk, disk);
}

static int open_file(const char *name)
{
	int fd = open(name, O_CREAT | O_RDWR, 0600);

	if (fd < 0)
		vt_fail("%s: %m", name);
	return fd;
}

/* Takes blocks until there are none but those that are reserved, also when what is delayed is done. */
static void fill(void)
{
	int fd = open_file(PLACE "/d/full"), refused = 0;

	while (refused < 3) {
		if (write(fd, piece, refused ? LEN : sizeof(piece)) > 0)
			continue;
		vt_check(errno == ENOSPC);
		vt_check(!fsync(fd) || errno == ENOSPC);
		refused++;
	}
	close(fd);
}

static uint64_t blocks_of(int fd)
{
	struct stat is;

	vt_check(!fstat(fd, &is));
	return is.st_blocks;
}

static void write_to(struct vt_conn *conn, struct vt_buf *local, const uint8_t *at,
		     const struct ibv_mr *mr)
{
	struct vt_op op = {
		.opcode = IBV_WR_RDMA_WRITE,
		.wr_id = 1,
		.sge = { vt_sge(local, 0, LEN) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)at,
		.rkey = mr->rkey,
	};

	vt_post(&conn->a, &op);
	vt_expect(&conn->a, 1, IBV_WC_REM_ACCESS_ERR);
}

static _Noreturn void be_owner(void)
{
	struct vt_device *dev = vt_open_b();
	struct vt_buf first, local;
	struct vt_conn conn;
	struct ibv_mr *mr;
	uint8_t *at;
	int fd;

	vt_buf_make(&first, dev, LEN, VT_ODP, VT_ACCESS_ALL);
	vt_check(!setgid(NOBODY) && !setuid(NOBODY));
	fd = open_file(PLACE "/d/hole");
	vt_check(!ftruncate(fd, HOLE));
	fill();
	vt_check(pwrite(fd, piece, LEN, 0) < 0 && errno == ENOSPC);
	at = mmap(NULL, HOLE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	vt_check(at != MAP_FAILED);
	mr = ibv_reg_mr(dev->pd, at, HOLE, VT_ACCESS_ALL | IBV_ACCESS_ON_DEMAND);
	vt_check(mr);
	vt_connect(&conn, dev, dev, NULL);
	vt_buf_make(&local, dev, LEN, VT_PINNED, VT_ACCESS_ALL);
	write_to(&conn, &local, at, mr);
	if (blocks_of(fd))
		vt_fail("the device has taken blocks that are reserved for root");
	vt_disconnect(&conn);
	vt_check(!ibv_dereg_mr(mr));
	vt_buf_free(&local);
	vt_buf_free(&first);
	vt_close(dev);
	exit(0);
}

int main(int argc, char **argv)
{
	const char *disk = getenv("LAB_SCRATCH");
	struct vt_device *dev;
	int status;
	pid_t pid;

	vt_init(argc, argv);
	if (!disk || !*disk)
		vt_skip("no disk: LAB_SCRATCH is not set");
	dev = vt_open_b();
	if (!vt_is_rodp(dev))
		vt_skip("%s: this is about rodp", dev->name);
	vt_close(dev);
	make_disk(disk);
	vt_case("who gave its privileges up has none of the blocks that are root's");
	pid = vt_fork();
	if (!pid)
		be_owner();
	status = vt_reap(pid, vt_options.wait_ms, "who has given its privileges up");
	vt_check(!umount(PLACE));
	vt_check(!status);
	return vt_pass();
}
