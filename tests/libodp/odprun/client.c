// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A program under odprun, over the kernel of kernel.h: each form of each question, and what the
 * kernel saw of it. odprun.sh knows how many regions of which kind this makes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <infiniband/verbs.h>
#include <rdma/ib_user_ioctl_cmds.h>
#include <rdma/ib_user_verbs.h>
#include <rdma/rdma_user_ioctl_cmds.h>

#include "kernel.h"

#define ALL_RC	    0x3f /* SEND to SRQ_RECV */
#define LENGTH	    8192
#define RIGHTS	    (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ)
#define MANY	    5000

#define check(what) check_at(what, #what, __LINE__)

static int fd;
static char *memory;

static void check_at(bool good, const char *what, int line)
{
	if (good)
		return;
	fprintf(stderr, "client.c:%d: not so: %s (access 0x%x, errno %d)\n", line, what,
		kernel.access, errno);
	_exit(1);
}

struct message {
	struct ib_uverbs_ioctl_hdr head;
	struct ib_uverbs_attr attr[8];
};

static void add(struct message *message, uint16_t id, uint16_t len, uint64_t value)
{
	message->attr[message->head.num_attrs++] =
		(struct ib_uverbs_attr){ .attr_id = id, .len = len, .data = value };
	message->head.length += sizeof(struct ib_uverbs_attr);
}

static struct message begin(uint16_t object, uint16_t method)
{
	return (struct message){ .head = { .length = sizeof(struct ib_uverbs_ioctl_hdr),
					   .object_id = object,
					   .method_id = method } };
}

static int command(uint32_t command, void *in, size_t in_len, void *out, size_t out_len)
{
	struct message message = begin(UVERBS_OBJECT_DEVICE, UVERBS_METHOD_INVOKE_WRITE);
	uint64_t inlined = 0;

	if (in_len <= 8)
		memcpy(&inlined, in, in_len);
	add(&message, UVERBS_ATTR_CORE_IN, in_len, in_len <= 8 ? inlined : (uintptr_t)in);
	if (out)
		add(&message, UVERBS_ATTR_CORE_OUT, out_len, (uintptr_t)out);
	add(&message, UVERBS_ATTR_WRITE_CMD, 8, command);
	return ioctl(fd, RDMA_VERBS_IOCTL, &message);
}

/* As rdma-core has done it for ten years. The handle, or 0. */
static uint32_t reg(void *addr, uint64_t length, uint32_t access)
{
	struct ib_uverbs_reg_mr cmd = { .start = (uintptr_t)addr,
					.length = length,
					.access_flags = access };
	struct ib_uverbs_reg_mr_resp resp = {};
	int status = command(IB_USER_VERBS_CMD_REG_MR, &cmd, sizeof(cmd), &resp, sizeof(resp));

	check(cmd.access_flags == access);
	return status ? 0 : resp.mr_handle;
}

/* As it does it since kernels can. */
static uint32_t reg_by_ioctl(void *addr, uint64_t length, uint32_t access, bool dmabuf)
{
	struct message message = begin(UVERBS_OBJECT_MR, 5);

	add(&message, 0, 0, 0);
	add(&message, 4, 8, (uintptr_t)addr);
	add(&message, 5, 8, length);
	add(&message, 6, 8, access);
	if (dmabuf)
		add(&message, 7, 0, 3);
	check(!ioctl(fd, RDMA_VERBS_IOCTL, &message));
	check(message.attr[3].data == access);
	return message.attr[0].data;
}

static void dereg(uint32_t handle)
{
	struct message message = begin(UVERBS_OBJECT_MR, UVERBS_METHOD_MR_DESTROY);

	add(&message, UVERBS_ATTR_DESTROY_MR_HANDLE, 0, handle);
	check(!ioctl(fd, RDMA_VERBS_IOCTL, &message));
	check(kernel.gone == handle);
}

static void dereg_by_command(uint32_t handle)
{
	struct ib_uverbs_dereg_mr cmd = { handle };

	check(!command(IB_USER_VERBS_CMD_DEREG_MR, &cmd, sizeof(cmd), NULL, 0));
	check(kernel.gone == handle);
}

/* What is no message by its own length: the kernel refuses it, and nobody else looks at it. */
static void test_broken(void)
{
	struct ib_uverbs_reg_mr cmd = { .start = (uintptr_t)memory, .length = LENGTH };
	struct message message = begin(UVERBS_OBJECT_DEVICE, UVERBS_METHOD_INVOKE_WRITE);
	struct ib_uverbs_reg_mr_resp resp;

	add(&message, UVERBS_ATTR_CORE_IN, sizeof(cmd), (uintptr_t)&cmd);
	add(&message, UVERBS_ATTR_CORE_OUT, sizeof(resp), (uintptr_t)&resp);
	add(&message, UVERBS_ATTR_WRITE_CMD, 8, IB_USER_VERBS_CMD_REG_MR);
	message.head.length--;
	check(!ioctl(fd, RDMA_VERBS_IOCTL, &message));
	check(kernel.access == 0 && !kernel.questions);
}

static bool turned(uint32_t access)
{
	return kernel.access == (access | IBV_ACCESS_ON_DEMAND);
}

/* 3 turned, 1 dma-buf. */
static void test_forms(void)
{
	uint32_t one, two, three;

	errno = 77;
	one = reg(memory, LENGTH, RIGHTS);
	check(one && turned(RIGHTS) && errno == 77 && kernel.questions == 1);
	two = reg_by_ioctl(memory + 1, 100, RIGHTS, false);
	check(turned(RIGHTS) && two == kernel.handle && kernel.questions == 1);
	three = reg_by_ioctl(NULL, 100, RIGHTS, true);
	check(kernel.access == RIGHTS);
	dereg(one);
	dereg_by_command(two);
	dereg(three);
	dereg(reg(memory, 1, 0));
	check(turned(0));
}

/* 1 each: huge pages, persistent, operation, asked for by the program, refused, failed; 2 not mapped. */
static void test_rules(void)
{
	char *hole = mmap(NULL, 3 * LENGTH, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int tried;

	dereg(reg(memory, LENGTH, RIGHTS | IBV_ACCESS_HUGETLB));
	check(kernel.access == (RIGHTS | IBV_ACCESS_HUGETLB));
	dereg(reg(memory, LENGTH, RIGHTS | 1 << 9));
	check(kernel.access == (RIGHTS | 1 << 9));
	check(hole != MAP_FAILED && !munmap(hole + LENGTH, LENGTH));
	dereg(reg(hole, 3 * LENGTH, RIGHTS));
	check(kernel.access == RIGHTS);
	dereg(reg(NULL, UINT64_MAX, RIGHTS));
	check(kernel.access == RIGHTS);
	dereg(reg(memory, LENGTH, RIGHTS | IBV_ACCESS_REMOTE_ATOMIC));
	check(!(kernel.access & IBV_ACCESS_ON_DEMAND));
	dereg(reg(NULL, UINT64_MAX, RIGHTS | IBV_ACCESS_ON_DEMAND));
	tried = kernel.registrations;
	kernel.refuse = EOPNOTSUPP;
	dereg(reg(memory, LENGTH, RIGHTS));
	check(kernel.access == RIGHTS && kernel.registrations == tried + 2);
	kernel.refuse_all = ENOMEM;
	check(!reg(memory, LENGTH, RIGHTS) && errno == ENOMEM);
	check(kernel.registrations == tried + 4);
	kernel.refuse = kernel.refuse_all = 0;
}

static int rereg(uint32_t handle, uint32_t flags, void *addr, uint32_t access)
{
	struct ib_uverbs_rereg_mr cmd = { .mr_handle = handle,
					  .flags = flags,
					  .start = (uintptr_t)addr,
					  .length = LENGTH,
					  .access_flags = access };
	struct ib_uverbs_rereg_mr_resp resp;
	int status = command(IB_USER_VERBS_CMD_REREG_MR, &cmd, sizeof(cmd), &resp, sizeof(resp));

	check(cmd.access_flags == access);
	return status;
}

/* 2 turned; 2 asked for by the program, which stay what they are. */
static void test_change(void)
{
	uint32_t handle = reg(memory, LENGTH, RIGHTS);

	check(!rereg(handle, IBV_REREG_MR_CHANGE_ACCESS, NULL, 0));
	check(turned(0));
	check(!rereg(handle, IBV_REREG_MR_CHANGE_ACCESS | IBV_REREG_MR_CHANGE_TRANSLATION, memory,
		     RIGHTS));
	check(turned(RIGHTS));
	check(!rereg(handle, IBV_REREG_MR_CHANGE_PD, NULL, 0));
	check(kernel.access == 0);
	dereg(handle);
	handle = reg(memory, LENGTH, RIGHTS | IBV_ACCESS_ON_DEMAND);
	check(!rereg(handle, IBV_REREG_MR_CHANGE_TRANSLATION, memory, 0));
	dereg(handle);
}

/* MANY turned, all at once. */
static void test_many(void)
{
	static uint32_t handle[MANY];
	int i;

	for (i = 0; i < MANY; i++)
		handle[i] = reg(memory, LENGTH, RIGHTS);
	for (i = 0; i < MANY; i += 2)
		dereg(handle[i]);
	for (i = MANY - 1; i > 0; i -= 2)
		dereg(handle[i]);
}

/* In a process of its own, which ends in one of two ways. */
static void fork_one(uint32_t access, bool just_ends)
{
	pid_t child = fork();
	int status;

	if (!child) {
		check(reg(memory, LENGTH, access));
		if (just_ends)
			_exit(0);
		exit(0);
	}
	check(waitpid(child, &status, 0) == child && !status);
}

/* 1 turned; 2 of huge pages, one after the other. */
static void test_fork(void)
{
	fork_one(RIGHTS, true);
	fork_one(RIGHTS | IBV_ACCESS_HUGETLB, false);
	fork_one(RIGHTS | IBV_ACCESS_HUGETLB, false);
}

/* Another device, which cannot: 1 pinned, and there at the end. */
static void test_device(void)
{
	close(fd);
	fd = open("/dev/zero", O_RDWR);
	kernel.on_demand = false;
	check(reg(memory, 3 * LENGTH, RIGHTS) && kernel.access == RIGHTS);
	check(kernel.questions >= 2);
}

int main(void)
{
	fd = open("/dev/null", O_RDWR);
	memory = mmap(NULL, 4 * LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(fd >= 0 && memory != MAP_FAILED);
	kernel = (struct kernel){ .on_demand = true, .rc_ops = ALL_RC & ~IBV_ODP_SUPPORT_ATOMIC };
	test_broken();
	test_forms();
	test_rules();
	test_change();
	test_many();
	test_fork();
	test_device();
	check(ioctl(fd, 1) < 0 && errno == ENOTTY);
	_exit(42); /* without the end of a program */
}
