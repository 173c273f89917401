// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * /dev/odp-monitor: a file a monitor. A module of its own, which needs no RDMA device. Who may open
 * it: everybody, since it tells nothing but what happens to one's own memory.
 */
#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>

#include "monitor/monitor.h"

MODULE_AUTHOR("The rodp developers");
MODULE_DESCRIPTION("Tells processes what happens to ranges of their memory");
MODULE_LICENSE("Dual BSD/GPL");

static int main_open(struct inode *inode, struct file *file)
{
	struct monitor *monitor = monitor_create();

	if (IS_ERR(monitor))
		return PTR_ERR(monitor);
	file->private_data = monitor;
	return 0;
}

static int main_release(struct inode *inode, struct file *file)
{
	monitor_destroy(file->private_data);
	return 0;
}

/* What the process gave, longer or shorter than what is known here. */
static int main_copy_in(void *request, size_t known, size_t least, unsigned int cmd,
			const void __user *arg)
{
	if (_IOC_DIR(cmd) != (_IOC_READ | _IOC_WRITE) || _IOC_SIZE(cmd) < least)
		return -ENOTTY;
	return copy_struct_from_user(request, known, arg, _IOC_SIZE(cmd));
}

static int main_copy_out(void __user *arg, unsigned int cmd, const void *request, size_t known)
{
	return copy_to_user(arg, request, min_t(size_t, known, _IOC_SIZE(cmd))) ? -EFAULT : 0;
}

/* What version 1 has of each structure; a shorter one is of nobody. */
#define MAIN_SETUP_LEAST   24
#define MAIN_WATCH_LEAST   40
#define MAIN_UNWATCH_LEAST 24

static long main_setup(struct monitor *monitor, unsigned int cmd, void __user *arg)
{
	struct odp_monitor_setup setup;
	int err = main_copy_in(&setup, sizeof(setup), MAIN_SETUP_LEAST, cmd, arg);

	BUILD_BUG_ON(sizeof(setup) != MAIN_SETUP_LEAST);
	if (!err)
		err = monitor_setup(monitor, &setup);
	return err ? err : main_copy_out(arg, cmd, &setup, sizeof(setup));
}

/* A watch that the process does not know of would be one that nobody ends. */
static void main_take_back(struct monitor *monitor, const struct odp_monitor_watch *watch)
{
	struct odp_monitor_unwatch unwatch = { .slot = watch->slot, .cookie = watch->cookie };

	monitor_unwatch(monitor, &unwatch);
}

static long main_watch(struct monitor *monitor, unsigned int cmd, void __user *arg)
{
	struct odp_monitor_watch watch;
	int err = main_copy_in(&watch, sizeof(watch), MAIN_WATCH_LEAST, cmd, arg);

	BUILD_BUG_ON(sizeof(watch) != MAIN_WATCH_LEAST);
	if (!err)
		err = monitor_watch(monitor, &watch);
	if (err)
		return err;
	err = main_copy_out(arg, cmd, &watch, sizeof(watch));
	if (err)
		main_take_back(monitor, &watch);
	return err;
}

static long main_unwatch(struct monitor *monitor, unsigned int cmd, void __user *arg)
{
	struct odp_monitor_unwatch unwatch;
	int err = main_copy_in(&unwatch, sizeof(unwatch), MAIN_UNWATCH_LEAST, cmd, arg);

	BUILD_BUG_ON(sizeof(unwatch) != MAIN_UNWATCH_LEAST);
	if (!err)
		err = monitor_unwatch(monitor, &unwatch);
	return err ? err : main_copy_out(arg, cmd, &unwatch, sizeof(unwatch));
}

static long main_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct monitor *monitor = file->private_data;
	int err = monitor_check_owner(monitor);

	if (err)
		return err;
	if (_IOC_TYPE(cmd) != ODP_MONITOR_IOCTL)
		return -ENOTTY;
	switch (_IOC_NR(cmd)) {
	case _IOC_NR(ODP_MONITOR_SETUP):
		return main_setup(monitor, cmd, (void __user *)arg);
	case _IOC_NR(ODP_MONITOR_WATCH):
		return main_watch(monitor, cmd, (void __user *)arg);
	case _IOC_NR(ODP_MONITOR_UNWATCH):
		return main_unwatch(monitor, cmd, (void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static int main_mmap(struct file *file, struct vm_area_struct *vma)
{
	int err = monitor_check_owner(file->private_data);

	return err ? err : monitor_map(file->private_data, vma);
}

static __poll_t main_poll(struct file *file, poll_table *wait)
{
	if (monitor_check_owner(file->private_data))
		return EPOLLERR;
	return monitor_poll(file->private_data, file, wait);
}

static const struct file_operations main_fops = {
	.owner = THIS_MODULE,
	.open = main_open,
	.release = main_release,
	.unlocked_ioctl = main_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.mmap = main_mmap,
	.poll = main_poll,
};

static struct miscdevice main_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "odp-monitor",
	.fops = &main_fops,
	.mode = 0666,
};

module_misc_device(main_device);
