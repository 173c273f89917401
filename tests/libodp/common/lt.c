// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lt.h"

const char *lt_level_name(uint32_t level)
{
	switch (level) {
	case ODP_IMPLICIT:
		return "implicit";
	case ODP_EXPLICIT:
		return "explicit";
	case ODP_PINNED:
		return "pinned";
	default:
		return "no level";
	}
}

static uint32_t levels_of(struct vt_device *dev)
{
	const char *chosen = getenv("LIBODP_LEVELS");
	struct odp_domain *domain;
	uint32_t levels;

	if (chosen)
		return strtoul(chosen, NULL, 0);
	lt_expect(odp_domain_open(dev->pd, NULL, &domain), 0);
	levels = lt_info(domain).levels;
	lt_domain_close(domain);
	return levels;
}

void lt_each_level(struct vt_device *dev, void (*run)(uint32_t level, void *arg), void *arg)
{
	const uint32_t levels = levels_of(dev);
	uint32_t level;

	vt_check(levels && !(levels & ~ODP_ANY_LEVEL));
	for (level = ODP_IMPLICIT; level <= ODP_PINNED; level <<= 1)
		if (levels & level)
			run(level, arg);
}

struct odp_domain *lt_domain(struct vt_device *dev, uint32_t level,
			     const struct odp_domain_attr *attr)
{
	struct odp_domain_attr mine = attr ? *attr : (struct odp_domain_attr){};
	struct odp_domain *domain;
	int err;

	mine.levels = level;
	err = odp_domain_open(dev->pd, &mine, &domain);
	if (err)
		vt_fail("a domain with %s regions on %s: %s", lt_level_name(level), dev->name,
			strerror(-err));
	return domain;
}

void lt_domain_close(struct odp_domain *domain)
{
	int err = odp_domain_close(domain);

	if (err)
		vt_fail("closing a domain: %s", strerror(-err));
}

struct odp_domain_info lt_info(struct odp_domain *domain)
{
	struct odp_domain_info info;

	lt_expect(odp_domain_query(domain, &info), 0);
	return info;
}

struct odp_key lt_get(struct odp_domain *domain, void *addr, size_t len, int access, uint32_t level)
{
	struct odp_key key;
	int err = odp_get(domain, addr, len, access, &key);

	if (err)
		vt_fail("a key for %zu bytes (%s): %s", len, lt_level_name(level), strerror(-err));
	vt_check(key.level == level && key.mr && key.lkey == key.mr->lkey &&
		 key.rkey == key.mr->rkey);
	return key;
}

void *lt_map_at(void *at, size_t len)
{
	void *is = mmap(at, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | (at ? MAP_FIXED : 0), -1, 0);

	if (is == MAP_FAILED || !vt_small_pages(is, len))
		vt_fail("mapping %zu bytes: %m", len);
	return is;
}

void *lt_map(size_t len)
{
	return lt_map_at(NULL, len);
}

void *lt_map_alone(size_t len)
{
	const size_t leaf = 2ul << 20, room = (len + 2 * leaf - 1) & -leaf;
	void *at = mmap(NULL, room + leaf, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		vt_fail("mapping %zu bytes: %m", room + leaf);
	return lt_map_at((void *)(((uintptr_t)at + leaf - 1) & -leaf), len);
}

void lt_drop_sys_admin(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		vt_fail("capget(): %m");
	data[CAP_SYS_ADMIN / 32].effective &= ~(1u << (CAP_SYS_ADMIN % 32));
	if (syscall(SYS_capset, &head, data))
		vt_fail("capset(): %m");
}

bool lt_has_monitor(void)
{
	return !access("/dev/odp-monitor", R_OK | W_OK);
}

static void transfer(struct vt_conn *conn, enum ibv_wr_opcode opcode, struct ibv_sge sge,
		     const void *remote, uint32_t rkey)
{
	struct vt_op op = {
		.opcode = opcode,
		.wr_id = 7,
		.sge = { sge },
		.num_sge = 1,
		.remote_addr = (uintptr_t)remote,
		.rkey = rkey,
	};

	vt_post(&conn->a, &op);
	vt_expect_ok(&conn->a, 7,
		     opcode == IBV_WR_RDMA_READ ? IBV_WC_RDMA_READ : IBV_WC_RDMA_WRITE);
}

void lt_check_key(struct vt_conn *conn, struct vt_buf *wire, const struct odp_key *key, uint8_t *at,
		  size_t len, uint64_t seed)
{
	const struct ibv_sge mine = { .addr = (uintptr_t)at, .length = len, .lkey = key->lkey };

	vt_check(len <= wire->len);
	vt_fill(wire->data, len, seed, 0);
	transfer(conn, IBV_WR_RDMA_WRITE, vt_sge(wire, 0, len), at, key->rkey);
	vt_verify(at, len, seed, 0, "what a peer wrote");
	vt_fill(at, len, seed + 1, 0);
	transfer(conn, IBV_WR_RDMA_READ, vt_sge(wire, 0, len), at, key->rkey);
	vt_verify(wire->data, len, seed + 1, 0, "what a peer read");
	vt_fill(at, len, seed + 2, 0);
	transfer(conn, IBV_WR_RDMA_WRITE, mine, wire->data, wire->mr->rkey);
	vt_verify(wire->data, len, seed + 2, 0, "what was written from here");
	vt_fill(wire->data, len, seed + 3, 0);
	transfer(conn, IBV_WR_RDMA_READ, mine, wire->data, wire->mr->rkey);
	vt_verify(at, len, seed + 3, 0, "what was read to here");
}

void lt_expect_at(const char *file, int line, const char *call, long is, long expected)
{
	if (is != expected)
		vt_fail("%s:%d: %s is %ld (%s), not %ld", file, line, call, is,
			is < 0 ? strerror(-is) : "no error", expected);
}
