/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* Memory whose faults user space answers (userfaultfd). Needs root. */
#ifndef VT_UFFD_H
#define VT_UFFD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum vt_uffd_mode {
	VT_UFFD_MISSING,
	VT_UFFD_MINOR, /* memory of a memfd */
	VT_UFFD_WP,
};

/* Registers a range of whole pages; returns the userfaultfd. Skips where there is none. */
int vt_uffd_open(enum vt_uffd_mode mode, uint8_t *at, size_t len);
/* Protects pages against writing, or no longer; mode VT_UFFD_WP. */
void vt_uffd_protect(int fd, uint8_t *at, size_t len, bool protect);
/* Answers faults in the range, whose pages are missing, with zeros. */
void vt_uffd_zero(int fd, uint8_t *at, size_t len);
/* Takes the faults that come within ms, without an answer. Returns how many. */
unsigned int vt_uffd_wait_fault(int fd, unsigned int ms);

/*
 * The same with a thread that answers each fault after delay_ms: missing pages
 * become pattern number seed, minor ones are mapped, protected ones unprotected.
 */
struct vt_uffd;
struct vt_uffd *vt_uffd_answer(enum vt_uffd_mode mode, uint8_t *at, size_t len, uint64_t seed,
			       unsigned int delay_ms);
/* Its userfaultfd. */
int vt_uffd_fd(const struct vt_uffd *uffd);
/* How many faults were answered until now. */
unsigned int vt_uffd_answered(struct vt_uffd *uffd);
/* Ends the thread and closes the userfaultfd. */
void vt_uffd_end(struct vt_uffd *uffd);

#endif
