// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Registered memory, and buffers between guards. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/udmabuf.h>

#include "vt.h"

#define GUARD_SEED 0x67756172640000ull

uint8_t *vt_map_aligned(size_t len, size_t align, int prot)
{
	uint8_t *at = mmap(NULL, len + align, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		vt_fail("mapping %zu bytes: %m", len + align);
	return (uint8_t *)(((uintptr_t)at + align - 1) & ~((uintptr_t)align - 1));
}

bool vt_has_huge_pages(void)
{
	return !access("/sys/kernel/mm/transparent_hugepage", F_OK);
}

/* A kernel that has no huge pages knows no word against them. */
bool vt_small_pages(void *at, size_t len)
{
	return !madvise(at, len, MADV_NOHUGEPAGE) || (errno == EINVAL && !vt_has_huge_pages());
}

const char *vt_memory_name(enum vt_memory memory)
{
	return memory == VT_ODP ? "odp" : "pinned";
}

struct ibv_mr *vt_reg(struct vt_device *dev, void *addr, size_t len, enum vt_memory memory,
		      int access)
{
	struct ibv_mr *mr;

	if (memory == VT_ODP)
		access |= IBV_ACCESS_ON_DEMAND;
	mr = ibv_reg_mr(dev->pd, addr, len, access);
	if (!mr)
		vt_fail("registering %zu bytes (%s, access 0x%x) on %s: %m", len,
			vt_memory_name(memory), access, dev->name);
	return mr;
}

static void fill_guards(struct vt_buf *buf)
{
	vt_fill(buf->map, buf->data - buf->map, GUARD_SEED, 0);
	vt_fill(buf->data + buf->len, buf->map + buf->map_len - buf->data - buf->len, GUARD_SEED,
		buf->data + buf->len - buf->map);
}

void vt_buf_make(struct vt_buf *buf, struct vt_device *dev, size_t len, enum vt_memory memory,
		 int access)
{
	buf->len = len;
	buf->map_len = ((len + 4095) & ~4095ul) + 2 * VT_GUARD;
	buf->map = mmap(NULL, buf->map_len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);
	if (buf->map == MAP_FAILED)
		vt_fail("mapping %zu bytes: %m", buf->map_len);
	buf->data = buf->map + VT_GUARD;
	fill_guards(buf);
	buf->mr = dev ? vt_reg(dev, buf->map, buf->map_len, memory, access) : NULL;
}

void vt_buf_free(struct vt_buf *buf)
{
	int err;

	err = buf->mr ? ibv_dereg_mr(buf->mr) : 0;
	if (err)
		vt_fail("deregistering: %s", strerror(err));
	munmap(buf->map, buf->map_len);
}

void vt_buf_cool(struct vt_buf *buf)
{
	vt_buf_cool_part(buf, 0, (buf->len + 4095) & ~4095ul);
	fill_guards(buf);
}

void vt_buf_cool_part(struct vt_buf *buf, size_t offset, size_t len)
{
	if (madvise(buf->data + offset, len, MADV_DONTNEED))
		vt_fail("madvise(MADV_DONTNEED): %m");
}

void vt_verify_guards(const struct vt_buf *buf, const char *what)
{
	char text[128];

	snprintf(text, sizeof(text), "the guard before %s", what);
	vt_verify(buf->map, buf->data - buf->map, GUARD_SEED, 0, text);
	snprintf(text, sizeof(text), "the guard behind %s", what);
	vt_verify(buf->data + buf->len, buf->map + buf->map_len - buf->data - buf->len, GUARD_SEED,
		  buf->data + buf->len - buf->map, text);
}

struct ibv_sge vt_sge(const struct vt_buf *buf, size_t offset, uint32_t len)
{
	return (struct ibv_sge){
		.addr = (uintptr_t)buf->data + offset,
		.length = len,
		.lkey = buf->mr->lkey,
	};
}

uint64_t vt_addr(const struct vt_buf *buf, size_t offset)
{
	return (uintptr_t)buf->data + offset;
}

void vt_verify_around(const struct vt_buf *buf, size_t at, size_t len, bool cold, uint64_t seed)
{
	const size_t end = at + len;

	if (cold) {
		vt_verify_zero(buf->data, at, "before the data");
		vt_verify_zero(buf->data + end, buf->len - end, "behind the data");
	} else {
		vt_verify(buf->data, at, seed, 0, "before the data");
		vt_verify(buf->data + end, buf->len - end, seed, end, "behind the data");
	}
	vt_verify_guards(buf, "the data");
}

bool vt_can_udmabuf(void)
{
	return !access("/dev/udmabuf", F_OK);
}

int vt_udmabuf(size_t len, int *memfd)
{
	struct udmabuf_create create = { .size = len };
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), fd;

	if (dev < 0)
		vt_fail("/dev/udmabuf: %m");
	/* Sealed as udmabuf wants it. */
	*memfd = memfd_create("dmabuf", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	vt_check(*memfd >= 0);
	vt_check(!ftruncate(*memfd, len));
	vt_check(!fcntl(*memfd, F_ADD_SEALS, F_SEAL_SHRINK));
	create.memfd = *memfd;
	fd = ioctl(dev, UDMABUF_CREATE, &create);
	if (fd < 0)
		vt_fail("UDMABUF_CREATE: %m");
	close(dev);
	return fd;
}
