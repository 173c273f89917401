// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Devices: opening, and what they say of themselves. */
#include <arpa/inet.h>

#include "vt.h"

static struct ibv_context *open_by_name(const char **name)
{
	struct ibv_context *ctx = NULL;
	struct ibv_device **list;
	int i, n;

	list = ibv_get_device_list(&n);
	if ((!list || !n) && !*name)
		vt_skip("no RDMA device");
	for (i = 0; list && i < n && !ctx; i++) {
		if (*name && strcmp(*name, ibv_get_device_name(list[i])))
			continue;
		ctx = ibv_open_device(list[i]);
		if (!ctx)
			vt_fail("opening %s: %m", ibv_get_device_name(list[i]));
	}
	if (list)
		ibv_free_device_list(list);
	if (!ctx)
		vt_fail("no device %s", *name);
	*name = ibv_get_device_name(ctx->device);
	return ctx;
}

static int first_roce_v2_gid(struct vt_device *dev)
{
	struct ibv_gid_entry entry;
	int i;

	for (i = 0; i < dev->port.gid_tbl_len; i++) {
		if (!ibv_query_gid_ex(dev->ctx, 1, i, &entry, 0) &&
		    entry.gid_type == IBV_GID_TYPE_ROCE_V2)
			return i;
	}
	return 0;
}

void vt_use_gid(struct vt_device *dev, int gid_index)
{
	dev->gid_index = gid_index;
	if (ibv_query_gid(dev->ctx, 1, gid_index, &dev->gid))
		vt_fail("%s has no GID %d", dev->name, gid_index);
}

static void gid_of(const char *address, union ibv_gid *gid)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (inet_pton(AF_INET6, address, gid->raw) == 1)
		return;
	memcpy(gid->raw, mapped, sizeof(mapped));
	if (inet_pton(AF_INET, address, gid->raw + sizeof(mapped)) != 1)
		vt_fail("\"%s\" is no IP address", address);
}

int vt_find_gid(struct vt_device *dev, const char *address)
{
	struct ibv_gid_entry entries[256];
	union ibv_gid gid;
	ssize_t i, n;

	gid_of(address, &gid);
	n = ibv_query_gid_table(dev->ctx, entries, VT_ARRAY_SIZE(entries), 0);
	for (i = 0; i < n; i++) {
		if (entries[i].gid_type == IBV_GID_TYPE_ROCE_V2 &&
		    !memcmp(&entries[i].gid, &gid, sizeof(gid)))
			return entries[i].gid_index;
	}
	return -1;
}

/* The index, or -1, once there is a GID or there is none. */
static int await_gid(struct vt_device *dev, const char *address, bool there)
{
	uint64_t end_ns = vt_now_ns() + vt_options.wait_ms * 1000000ull;
	int index;

	while (((index = vt_find_gid(dev, address)) >= 0) != there) {
		if (vt_now_ns() > end_ns)
			vt_fail("%s: the GID of %s %s", dev->name, address,
				there ? "does not come" : "does not go");
		vt_sleep_ms(1);
	}
	return index;
}

int vt_wait_gid(struct vt_device *dev, const char *address)
{
	return await_gid(dev, address, true);
}

void vt_wait_no_gid(struct vt_device *dev, const char *address)
{
	await_gid(dev, address, false);
}

int vt_gid6(struct vt_device *dev)
{
	struct ibv_gid_entry entry;
	int i;

	for (i = 0; i < dev->port.gid_tbl_len; i++) {
		if (!ibv_query_gid_ex(dev->ctx, 1, i, &entry, 0) &&
		    entry.gid_type == IBV_GID_TYPE_ROCE_V2 && entry.gid.raw[0] == 0xfd)
			return i;
	}
	vt_fail("no IPv6 GID on %s", dev->name);
}

struct vt_device *vt_open(const char *name, int gid_index)
{
	struct vt_device *dev = calloc(1, sizeof(*dev));

	vt_check(dev);
	dev->name = name;
	dev->ctx = open_by_name(&dev->name);
	if (ibv_query_device_ex(dev->ctx, NULL, &dev->attr))
		vt_fail("querying %s: %m", dev->name);
	if (ibv_query_port(dev->ctx, 1, &dev->port))
		vt_fail("querying port 1 of %s: %m", dev->name);
	if (dev->port.state != IBV_PORT_ACTIVE)
		vt_fail("port 1 of %s is not active", dev->name);

	vt_use_gid(dev, gid_index >= 0 ? gid_index : first_roce_v2_gid(dev));
	dev->pd = ibv_alloc_pd(dev->ctx);
	if (!dev->pd)
		vt_fail("allocating a PD on %s: %m", dev->name);
	return dev;
}

static struct vt_device *open_end(const char *name, int gid_index, const char *address)
{
	struct vt_device *dev = vt_open(name, gid_index);

	if (address)
		vt_use_gid(dev, vt_wait_gid(dev, address));
	return dev;
}

struct vt_device *vt_open_a(void)
{
	return open_end(vt_options.dev, vt_options.gid_index, vt_options.address);
}

struct vt_device *vt_open_b(void)
{
	return open_end(vt_options.peer_dev, vt_options.peer_gid_index, vt_options.peer_address);
}

void vt_close(struct vt_device *dev)
{
	int err;

	err = ibv_dealloc_pd(dev->pd);
	if (err)
		vt_fail("deallocating the PD of %s: %s", dev->name, strerror(err));
	if (ibv_close_device(dev->ctx))
		vt_fail("closing %s: %m", dev->name);
	free(dev);
}

bool vt_is_rxe(const struct vt_device *dev)
{
	return !strncmp(dev->name, "rxe", 3);
}

bool vt_is_rodp(const struct vt_device *dev)
{
	return !strncmp(dev->name, "rodp", 4);
}

bool vt_has_odp(const struct vt_device *dev, uint32_t caps)
{
	const struct ibv_odp_caps *odp = &dev->attr.odp_caps;

	return (odp->general_caps & IBV_ODP_SUPPORT) &&
	       (odp->per_transport_caps.rc_odp_caps & caps) == caps;
}

void vt_need_odp(const struct vt_device *dev, uint32_t caps)
{
	if (!vt_has_odp(dev, caps))
		vt_skip("%s has no on-demand paging", dev->name);
}

void vt_need_two_hosts(void)
{
	if (!vt_options.peer_dev || !strcmp(vt_options.dev, vt_options.peer_dev))
		vt_skip("needs the topology of two hosts");
}

const char *vt_need_env(const char *name)
{
	const char *value = getenv(name);

	if (!value || !*value)
		vt_skip("%s is not set: the lab does, with --link", name);
	return value;
}

unsigned int vt_mtu_bytes(enum ibv_mtu mtu)
{
	return 128u << mtu;
}

enum ibv_mtu vt_mtu_enum(unsigned int bytes)
{
	enum ibv_mtu mtu;

	for (mtu = IBV_MTU_256; mtu <= IBV_MTU_4096; mtu++) {
		if (vt_mtu_bytes(mtu) == bytes)
			return mtu;
	}
	vt_fail("%u is no path MTU", bytes);
}

void vt_set_segments(bool on)
{
	vt_run("echo %d >/sys/module/rodp/parameters/segments", on);
}

void vt_set_gather_us(unsigned int us)
{
	vt_run("echo %u >/sys/module/rodp/parameters/gather_us", us);
}

void vt_set_icrc_always(bool on)
{
	vt_run("echo %d >/sys/module/rodp/parameters/icrc_always", on);
}

void vt_set_local_path(bool on)
{
	vt_run("echo %d >/sys/module/rodp/parameters/local_path", on);
}
