/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Module set-up of device.c: watching netdevs, and removing every device at the end. */
#ifndef RODP_VERBS_DEVICE_H
#define RODP_VERBS_DEVICE_H

int rodp_device_module_init(void);
void rodp_device_module_exit(void);

#endif
