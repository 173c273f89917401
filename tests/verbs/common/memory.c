// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* Memory: buffers between guards, patterns, registration. */
#include <sys/mman.h>

#include "vt.h"

#define GUARD_SEED 0x67756172640000ull

const char *vt_memory_name(enum vt_memory memory)
{
	return memory == VT_ODP ? "odp" : "pinned";
}

/* Without --memory: ODP wherever a device has it, except on rxe, whose ODP loses data. */
static bool wanted(const struct vt_device *dev, enum vt_memory memory)
{
	return memory == VT_PINNED || (vt_has_odp(dev, 0) && !vt_is_rxe(dev));
}

static void require(const struct vt_device *dev, enum vt_memory memory)
{
	if (memory == VT_ODP && !vt_has_odp(dev, 0))
		vt_skip("%s has no on-demand paging", dev->name);
}

void vt_each_memory(const struct vt_device *dev_a, const struct vt_device *dev_b,
		    void (*run)(enum vt_memory a, enum vt_memory b, void *arg), void *arg)
{
	enum vt_memory a, b;

	for (a = VT_PINNED; a <= VT_ODP; a++) {
		for (b = VT_PINNED; b <= VT_ODP; b++) {
			if (!vt_options.memory) {
				if (wanted(dev_a, a) && wanted(dev_b, b))
					run(a, b, arg);
			} else if (vt_options.memory & (1u << (2 * a + b))) {
				require(dev_a, a);
				require(dev_b, b);
				run(a, b, arg);
			}
		}
	}
}

int vt_main_each_memory(int argc, char **argv,
			void (*run)(enum vt_memory a, enum vt_memory b, void *arg))
{
	struct vt_device *devs[2];

	vt_init(argc, argv);
	devs[0] = vt_open_a();
	devs[1] = vt_open_b();
	vt_each_memory(devs[0], devs[1], run, devs);
	vt_close(devs[0]);
	vt_close(devs[1]);
	return vt_pass();
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

/* data begins on a page: tests choose their own offsets. */
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
	size_t len = (buf->len + 4095) & ~4095ul;

	if (madvise(buf->data, len, MADV_DONTNEED))
		vt_fail("madvise(MADV_DONTNEED): %m");
	fill_guards(buf);
}

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ull;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
	return x ^ (x >> 31);
}

/* Eight bytes come of one number, so that filling is not what a test waits for. */
uint8_t vt_pattern(uint64_t seed, uint64_t pos)
{
	return mix(seed * 0x100000001b3ull + (pos >> 3)) >> (8 * (pos & 7));
}

void vt_fill(uint8_t *at, size_t len, uint64_t seed, uint64_t pos)
{
	size_t i = 0;
	uint64_t word;

	for (; i < len && ((pos + i) & 7); i++)
		at[i] = vt_pattern(seed, pos + i);
	for (; i + 8 <= len; i += 8) {
		word = htole64(mix(seed * 0x100000001b3ull + ((pos + i) >> 3)));
		memcpy(at + i, &word, 8);
	}
	for (; i < len; i++)
		at[i] = vt_pattern(seed, pos + i);
}

static _Noreturn void report_difference(const uint8_t *at, size_t len, size_t first, uint64_t seed,
					uint64_t pos, const char *what)
{
	size_t i, wrong = 0, last = first;

	for (i = first; i < len; i++) {
		if (at[i] != vt_pattern(seed, pos + i)) {
			wrong++;
			last = i;
		}
	}
	vt_fail("%s: %zu of %zu bytes are wrong, from byte %zu to %zu (page offset 0x%lx); "
		"the first is 0x%02x instead of 0x%02x",
		what, wrong, len, first, last, (unsigned long)((uintptr_t)(at + first) & 4095),
		at[first], vt_pattern(seed, pos + first));
}

void vt_verify(const uint8_t *at, size_t len, uint64_t seed, uint64_t pos, const char *what)
{
	uint8_t chunk[512];
	size_t done, n, i;

	for (done = 0; done < len; done += n) {
		n = len - done < sizeof(chunk) ? len - done : sizeof(chunk);
		vt_fill(chunk, n, seed, pos + done);
		if (!memcmp(chunk, at + done, n))
			continue;
		for (i = 0; chunk[i] == at[done + i]; i++)
			;
		report_difference(at, len, done + i, seed, pos, what);
	}
}

void vt_verify_zero(const uint8_t *at, size_t len, const char *what)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (at[i])
			vt_fail("%s: byte %zu of %zu is 0x%02x instead of 0", what, i, len, at[i]);
	}
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
