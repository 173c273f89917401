// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A user has so many prefetches under way, in whatever contexts, and no more: the next is EAGAIN and begins
 * nothing, another user's are as ever, and when they are over there is room again. All but one of them only
 * wait, so the first one that hangs holds up no fault.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vt.h"

#define PAGE   4096ul
#define LEN    (16 * PAGE)
#define LIMIT  8
#define PARAM  "/sys/module/rodp/parameters/user_prefetches"
#define NOBODY 65534

struct setup {
	struct vt_device *dev[2]; /* two contexts */
	struct ibv_mr *mr[2], *other_mr;
	uint8_t *at, *other;
	int uffd;
};

static unsigned int old_limit;

static void set_limit(unsigned int limit)
{
	FILE *out = fopen(PARAM, "w");

	if (!out || fprintf(out, "%u\n", limit) < 0 || fclose(out))
		vt_skip(PARAM ": %m");
}

static void restore_limit(void)
{
	set_limit(old_limit);
}

static void lower_limit(void)
{
	FILE *in = fopen(PARAM, "r");

	if (!in || fscanf(in, "%u", &old_limit) != 1)
		vt_skip("no " PARAM);
	fclose(in);
	set_limit(LIMIT);
	atexit(restore_limit);
}

static int advise(struct setup *s, int context, const struct ibv_mr *mr, uint8_t *at,
		  uint32_t flags)
{
	struct ibv_sge sge = { .addr = (uintptr_t)at, .length = PAGE, .lkey = mr->lkey };

	return ibv_advise_mr(s->dev[context]->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE, flags, &sge,
			     1);
}

/* As another user, with a context of his own. */
static void other_user(void)
{
	struct vt_device *dev;
	struct vt_buf buf;
	struct ibv_sge sge;
	int status;
	pid_t pid = vt_fork();

	if (!pid) {
		dev = vt_open_b();
		vt_check(!setreuid(NOBODY, NOBODY));
		vt_buf_make(&buf, dev, LEN, VT_ODP, VT_ACCESS_ALL);
		sge = vt_sge(&buf, 0, LEN);
		_exit(ibv_advise_mr(dev->pd, IBV_ADVISE_MR_ADVICE_PREFETCH_WRITE,
				    IBV_ADVISE_MR_FLAG_FLUSH, &sge, 1));
	}
	status = vt_reap(pid, vt_options.wait_ms, "the other user");
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		vt_fail("the other user's prefetch: %s", strerror(WEXITSTATUS(status)));
}

static void test(struct setup *s)
{
	int i, err;

	vt_case("as many as may be");
	for (i = 0; i < LIMIT; i++) {
		err = advise(s, i % 2, s->mr[i % 2], s->at + i * PAGE, 0);
		if (err)
			vt_fail("prefetch %d of %d: %s", i, LIMIT, strerror(err));
	}
	vt_check(vt_uffd_wait_fault(s->uffd, vt_options.wait_ms) >= 1);
	vt_case("one more");
	err = advise(s, 0, s->other_mr, s->other, 0);
	if (err != EAGAIN)
		vt_fail("%s", strerror(err));
	vt_case("another user");
	other_user();
	vt_case("when they are over");
	vt_uffd_zero(s->uffd, s->at, LEN);
	do {
		err = advise(s, 0, s->other_mr, s->other, IBV_ADVISE_MR_FLAG_FLUSH);
		vt_sleep_ms(1);
	} while (err == EAGAIN);
	if (err)
		vt_fail("%s", strerror(err));
}

int main(int argc, char **argv)
{
	struct setup s = {};
	int i;

	vt_init(argc, argv);
	s.dev[0] = vt_open_b();
	s.dev[1] = vt_open_b();
	if (!vt_is_rodp(s.dev[0]))
		vt_skip("%s: this is about rodp", s.dev[0]->name);
	lower_limit();
	s.at = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	s.other = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	vt_check(s.at != MAP_FAILED && s.other != MAP_FAILED);
	s.uffd = vt_uffd_open(VT_UFFD_MISSING, s.at, LEN);
	for (i = 0; i < 2; i++)
		s.mr[i] = vt_reg(s.dev[i], s.at, LEN, VT_ODP, VT_ACCESS_ALL);
	s.other_mr = vt_reg(s.dev[0], s.other, LEN, VT_ODP, VT_ACCESS_ALL);
	test(&s);
	vt_check(!ibv_dereg_mr(s.mr[0]) && !ibv_dereg_mr(s.mr[1]) && !ibv_dereg_mr(s.other_mr));
	close(s.uffd);
	vt_close(s.dev[0]);
	vt_close(s.dev[1]);
	return vt_pass();
}
