// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Memory without struct page (VM_PFNMAP, VM_IO, special mappings), and memory that the kernel itself has not
 * mapped (memfd_secret()). It cannot be registered, or its use completes with an error on both sides at once,
 * and neither hurts anything else.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vt.h"

#define LEN 4096

struct setup {
	struct vt_device *dev_a, *dev_b;
	struct vt_conn other;
	struct vt_buf a, b;
};

static void check_other(struct setup *s)
{
	vt_fill(s->a.data, LEN, 3, 0);
	vt_rdma(&s->other, IBV_WR_RDMA_WRITE, &s->a, 0, &s->b, 0, LEN);
	vt_verify(s->b.data, LEN, 3, 0, "another QP's data");
}

static void test_remote(struct setup *s, const uint8_t *at, struct ibv_mr *mr,
			enum ibv_wr_opcode opcode)
{
	struct vt_conn conn;
	struct ibv_wc wc;
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { vt_sge(&s->a, 0, 64) },
		.num_sge = 1,
		.remote_addr = (uintptr_t)at,
		.rkey = mr->rkey,
	};

	vt_connect(&conn, s->dev_a, s->dev_b, NULL);
	vt_recv(&conn.b, 2, NULL, 0);
	vt_post(&conn.a, &op);
	wc = vt_wait(&conn.a);
	if (wc.status != IBV_WC_REM_ACCESS_ERR && wc.status != IBV_WC_REM_OP_ERR)
		vt_fail("\"%s\" at the requester", ibv_wc_status_str(wc.status));
	vt_expect(&conn.b, 2, IBV_WC_WR_FLUSH_ERR);
	vt_expect_state(&conn.b, IBV_QPS_ERR);
	vt_disconnect(&conn);
	check_other(s);
}

static void test_local(struct setup *s, const uint8_t *at, struct ibv_mr *mr,
		       enum ibv_wr_opcode opcode)
{
	struct vt_conn conn;
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 1,
		.sge = { { .addr = (uintptr_t)at, .length = 64, .lkey = mr->lkey } },
		.num_sge = 1,
		.remote_addr = vt_addr(&s->a, 0),
		.rkey = s->a.mr->rkey,
	};

	vt_connect(&conn, s->dev_b, s->dev_a, NULL);
	vt_post(&conn.a, &op);
	vt_expect(&conn.a, 1, IBV_WC_LOC_PROT_ERR);
	vt_disconnect(&conn);
	check_other(s);
}

static void test_receive(struct setup *s, const uint8_t *at, struct ibv_mr *mr)
{
	struct ibv_sge room = { .addr = (uintptr_t)at, .length = 64, .lkey = mr->lkey };
	struct vt_op op = { .opcode = IBV_WR_SEND, .wr_id = 1, .num_sge = 1 };
	struct vt_conn conn;
	struct ibv_wc wc;

	op.sge[0] = vt_sge(&s->a, 0, 64);
	vt_connect(&conn, s->dev_a, s->dev_b, NULL);
	vt_recv(&conn.b, 2, &room, 1);
	vt_post(&conn.a, &op);
	wc = vt_wait(&conn.a);
	if (wc.status != IBV_WC_REM_OP_ERR)
		vt_fail("\"%s\" at the sender", ibv_wc_status_str(wc.status));
	vt_expect(&conn.b, 2, IBV_WC_LOC_PROT_ERR);
	vt_disconnect(&conn);
	check_other(s);
}

static void test_mapping(struct setup *s, const char *name, uint8_t *at, bool writable)
{
	static const enum vt_memory kinds[] = { VT_PINNED, VT_ODP };
	int access = IBV_ACCESS_REMOTE_READ;
	struct ibv_mr *mr;
	size_t i;

	if (writable)
		access |= IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE;
	for (i = 0; i < VT_ARRAY_SIZE(kinds); i++) {
		if (kinds[i] == VT_ODP && !vt_has_odp(s->dev_b, 0))
			continue;
		vt_case("%s, %s", name, vt_memory_name(kinds[i]));
		mr = ibv_reg_mr(s->dev_b->pd, at, LEN,
				access | (kinds[i] == VT_ODP ? IBV_ACCESS_ON_DEMAND : 0));
		check_other(s);
		if (!mr) {
			vt_note("%s cannot be registered (%s): %m", name, vt_memory_name(kinds[i]));
			continue;
		}
		vt_case("%s, %s: READ", name, vt_memory_name(kinds[i]));
		test_remote(s, at, mr, IBV_WR_RDMA_READ);
		vt_case("%s, %s: source of a WRITE", name, vt_memory_name(kinds[i]));
		test_local(s, at, mr, IBV_WR_RDMA_WRITE);
		if (writable) {
			vt_case("%s, %s: WRITE", name, vt_memory_name(kinds[i]));
			test_remote(s, at, mr, IBV_WR_RDMA_WRITE);
			vt_case("%s, %s: target of a READ", name, vt_memory_name(kinds[i]));
			test_local(s, at, mr, IBV_WR_RDMA_READ);
			vt_case("%s, %s: receive", name, vt_memory_name(kinds[i]));
			test_receive(s, at, mr);
		}
		vt_check(!ibv_dereg_mr(mr));
	}
}

/* The kernel's clock page, which every process has. */
static uint8_t *find_vvar(void)
{
	unsigned long start, end;
	uint8_t *at = NULL;
	char line[256];
	FILE *maps;

	maps = fopen("/proc/self/maps", "r");
	vt_check(maps);
	while (!at && fgets(line, sizeof(line), maps)) {
		if (strstr(line, "[vvar") && sscanf(line, "%lx-%lx", &start, &end) == 2)
			at = (uint8_t *)start;
	}
	fclose(maps);
	return at;
}

/* Whether the mapping at `at` has no pages of its own (VM_PFNMAP, VM_IO), as smaps tells. */
static bool is_special(const uint8_t *at)
{
	unsigned long start, end;
	bool here = false, special = false;
	char line[512];
	FILE *maps;

	maps = fopen("/proc/self/smaps", "r");
	vt_check(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = (uintptr_t)at >= start && (uintptr_t)at < end;
		if (here && !strncmp(line, "VmFlags:", 8))
			special = strstr(line, " pf") || strstr(line, " io");
	}
	fclose(maps);
	return special;
}

/* A memory BAR of any PCI device that can be mapped. */
static uint8_t *map_bar(char *path, size_t size)
{
	static const char root[] = "/sys/bus/pci/devices";
	struct dirent *entry;
	void *at = MAP_FAILED;
	DIR *dir;
	int fd, bar;

	dir = opendir(root);
	while (dir && at == MAP_FAILED && (entry = readdir(dir))) {
		for (bar = 0; bar < 6 && at == MAP_FAILED; bar++) {
			snprintf(path, size, "%s/%.20s/resource%d", root, entry->d_name, bar);
			fd = open(path, O_RDWR);
			if (fd < 0)
				continue;
			at = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
			close(fd);
		}
	}
	if (dir)
		closedir(dir);
	return at == MAP_FAILED ? NULL : at;
}

#ifndef __NR_memfd_secret
#define __NR_memfd_secret 447
#endif

/* Present pages that the kernel itself has not mapped; NULL: it makes none. */
static uint8_t *map_secret(void)
{
	long fd = syscall(__NR_memfd_secret, 0);
	uint8_t *at;

	if (fd < 0)
		return NULL;
	vt_check(!ftruncate(fd, LEN));
	at = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	vt_check(at != MAP_FAILED);
	close(fd);
	memset(at, 1, LEN);
	return at;
}

int main(int argc, char **argv)
{
	struct setup s = {};
	char path[128];
	uint8_t *at;

	vt_start(argc, argv, &s.dev_a, &s.dev_b);
	vt_buf_make(&s.a, s.dev_a, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_buf_make(&s.b, s.dev_b, LEN, VT_PINNED, VT_ACCESS_ALL);
	vt_connect(&s.other, s.dev_a, s.dev_b, NULL);

	at = find_vvar();
	if (at && is_special(at))
		test_mapping(&s, "vvar", at, false);
	else
		vt_note("vvar is not special here: newer kernels give it pages");
	at = map_bar(path, sizeof(path));
	if (at)
		test_mapping(&s, path, at, true);
	else
		vt_note("no PCI BAR can be mapped here");
	at = map_secret();
	if (at)
		test_mapping(&s, "secret memory", at, true);
	else
		vt_note("this kernel makes no secret memory: %m");
	vt_disconnect(&s.other);
	vt_buf_free(&s.a);
	vt_buf_free(&s.b);
	return vt_finish(s.dev_a, s.dev_b);
}
