/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Child processes, and what is said to them. */
#ifndef VT_PROCESS_H
#define VT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A child that dies with its parent. As fork(), but does not fail. */
pid_t vt_fork(void);
/* The same, with a socket between parent and child: each has its end, for vt_tell() and vt_hear(). */
pid_t vt_fork_with_socket(int *socket);
/* Runs child() in a child, which ends by itself. Returns its exit status; fails if it ends by a signal. */
int vt_fork_run(void (*child)(void), const char *what);
/* The wait status of a child; fails unless it ends within ms. */
int vt_reap(pid_t pid, unsigned int ms, const char *what);
/*
 * Whether rodp's faults are done by threads of this process, which has an on-demand region: the kernel
 * has lent such threads since 6.10. Fails on a kernel that should, and a driver that does without. Of
 * other devices true is said: what the kernel could do is asked of them.
 */
bool vt_faults_itself(const struct vt_device *dev);
/* Over a socketpair(): len bytes and, unless fd is negative, a file. */
void vt_tell(int socket, const void *data, size_t len, int fd);
/* Takes them; fails if nothing comes within --wait-ms. fd may be NULL: no file is expected. */
void vt_hear(int socket, void *data, size_t len, int *fd);

#endif
