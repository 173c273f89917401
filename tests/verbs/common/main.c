// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/* How programs begin and end. */
#include "vt.h"

void vt_start(int argc, char **argv, struct vt_device **a, struct vt_device **b)
{
	vt_init(argc, argv);
	*a = vt_open_a();
	*b = vt_open_b();
}

int vt_finish(struct vt_device *a, struct vt_device *b)
{
	vt_close(a);
	vt_close(b);
	return vt_pass();
}

/* Without --memory: ODP wherever a device has it, except on rxe, whose ODP loses data. */
static bool wanted(const struct vt_device *dev, enum vt_memory memory)
{
	return memory == VT_PINNED || (vt_has_odp(dev, 0) && !vt_is_rxe(dev));
}

static void require(const struct vt_device *dev, enum vt_memory memory)
{
	if (memory == VT_ODP)
		vt_need_odp(dev, 0);
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

	vt_start(argc, argv, &devs[0], &devs[1]);
	vt_each_memory(devs[0], devs[1], run, devs);
	return vt_finish(devs[0], devs[1]);
}
