// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * The floor of every transfer: one memcpy() of the same bytes inside the kernel. Writing "BYTES TIMES" to the parameter
 * "copy" does it, from one buffer to another, in the writer's context.
 */
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/string.h>

#define COPY_MAX 65536

static u8 *from;
static u8 *to;

static int copy_set(const char *text, const struct kernel_param *param)
{
	unsigned int bytes, times;

	if (sscanf(text, "%u %u", &bytes, &times) != 2 || bytes > COPY_MAX)
		return -EINVAL;
	while (times--) {
		memcpy(to, from, bytes);
		OPTIMIZER_HIDE_VAR(bytes);
		barrier_data(to);
	}
	return 0;
}

static const struct kernel_param_ops copy_ops = { .set = copy_set };
module_param_cb(copy, &copy_ops, NULL, 0200);
MODULE_PARM_DESC(copy, "BYTES TIMES: copy so many bytes so many times");

static int __init floor_init(void)
{
	from = kvzalloc(COPY_MAX, GFP_KERNEL);
	to = kvzalloc(COPY_MAX, GFP_KERNEL);
	if (from && to)
		return 0;
	kvfree(from);
	kvfree(to);
	return -ENOMEM;
}

static void __exit floor_exit(void)
{
	kvfree(from);
	kvfree(to);
}

module_init(floor_init);
module_exit(floor_exit);
MODULE_DESCRIPTION("memcpy, to be counted");
MODULE_LICENSE("Dual BSD/GPL");
