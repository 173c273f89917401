// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * Who has keys does not know the next ones: of many MRs and memory windows the keys are spread
 * evenly over all 32 bits, neighbours in time are none in value, and what was freed does not come
 * back soon. What a guess opens, and what it costs, is in docs/security.md.
 */
#include "vt.h"

#define KEYS 4096
#define NEAR 64 /* of 2^24 indexes: two in a row are that near once in 131,000 */
#define BINS \
	16 /* values of 4 bits: 256 keys each, and never as few or as many as these (8 sigma): */
#define MOST  384
#define LEAST 128

static int digit_of(uint32_t key, int digit)
{
	return key >> (4 * digit) & 0xf;
}

/* Whether each value of this hexadecimal digit is as frequent as others. */
static void check_digit(const uint32_t *keys, int digit)
{
	int bins[BINS] = {}, i, most = 0, least = KEYS;

	for (i = 0; i < KEYS; i++)
		bins[digit_of(keys[i], digit)]++;
	for (i = 0; i < BINS; i++) {
		most = bins[i] > most ? bins[i] : most;
		least = bins[i] < least ? bins[i] : least;
	}
	vt_note("digit %d: each value %d to %d times, %d on average", digit, least, most,
		KEYS / BINS);
	if (most > MOST || least < LEAST)
		vt_fail("digit %d of a key can be guessed", digit);
}

static void check_spread(const uint32_t *keys)
{
	int i, near = 0, digit;
	int64_t step;

	for (digit = 0; digit < 8; digit++)
		check_digit(keys, digit);
	for (i = 1; i < KEYS; i++) {
		step = (int64_t)(keys[i] >> 8) - (keys[i - 1] >> 8);
		near += step > -NEAR && step < NEAR;
	}
	vt_note("%d of %d keys are near the one before", near, KEYS);
	if (near > 4)
		vt_fail("keys follow one another");
}

static void test_regions(struct vt_device *dev, struct vt_buf *buf)
{
	static struct ibv_mr *mrs[KEYS];
	static uint32_t keys[KEYS];
	int i;

	vt_case("keys of %d regions", KEYS);
	for (i = 0; i < KEYS; i++) {
		mrs[i] = vt_reg(dev, buf->data, buf->len, VT_PINNED, VT_ACCESS_ALL);
		keys[i] = mrs[i]->rkey;
	}
	check_spread(keys);
	for (i = 0; i < KEYS; i++)
		vt_check(!ibv_dereg_mr(mrs[i]));
}

/* One that comes and goes: its keys are as those of many. */
static void test_one(struct vt_device *dev, struct vt_buf *buf)
{
	static uint32_t keys[KEYS];
	struct ibv_mr *mr;
	int i;

	vt_case("a region that is registered %d times", KEYS);
	for (i = 0; i < KEYS; i++) {
		mr = vt_reg(dev, buf->data, buf->len, VT_PINNED, VT_ACCESS_ALL);
		keys[i] = mr->rkey;
		vt_check(!ibv_dereg_mr(mr));
	}
	check_spread(keys);
}

static void test_windows(struct vt_device *dev)
{
	static struct ibv_mw *mws[KEYS];
	static uint32_t keys[KEYS];
	int i;

	vt_case("keys of %d windows", KEYS);
	for (i = 0; i < KEYS; i++) {
		mws[i] = ibv_alloc_mw(dev->pd, IBV_MW_TYPE_2);
		vt_check(mws[i]);
		keys[i] = mws[i]->rkey;
	}
	check_spread(keys);
	for (i = 0; i < KEYS; i++)
		vt_check(!ibv_dealloc_mw(mws[i]));
}

int main(int argc, char **argv)
{
	struct vt_device *a, *b;
	struct vt_buf buf;

	vt_start(argc, argv, &a, &b);
	if (!vt_is_rodp(a))
		vt_skip("is about rodp's keys");
	vt_buf_make(&buf, NULL, 4096, VT_PINNED, 0);
	test_regions(a, &buf);
	test_one(a, &buf);
	test_windows(a);
	vt_buf_free(&buf);
	return vt_finish(a, b);
}
