/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/* The rows of the matrix. Each file of this directory has a few that belong together. */
#ifndef CO_ROWS_H
#define CO_ROWS_H

#include "co.h"

/* unmap.c */
extern const struct co_row co_row_munmap, co_row_munmap_part, co_row_mremap, co_row_mremap_anon,
	co_row_map_fixed;
/* observer.c */
extern const struct co_row co_row_observer;
/* protect.c */
extern const struct co_row co_row_mprotect_ro, co_row_mprotect_none, co_row_vma_ro, co_row_vma_none;
/* advise.c */
extern const struct co_row co_row_dontneed, co_row_free, co_row_cold, co_row_pageout, co_row_remove,
	co_row_collapse;
/* poison.c */
extern const struct co_row co_row_hwpoison, co_row_soft_offline;
/* fork.c */
extern const struct co_row co_row_fork, co_row_cow_child, co_row_cow_parent;
/* death.c */
extern const struct co_row co_row_exit, co_row_exec, co_row_kill, co_row_oom;
/* swap.c */
extern const struct co_row co_row_swap, co_row_memcg_limit;
/* migrate.c */
extern const struct co_row co_row_move_pages, co_row_migrate_pages, co_row_numa_balancing,
	co_row_compaction, co_row_offline;
/* huge.c */
extern const struct co_row co_row_thp_fault, co_row_thp_split, co_row_khugepaged,
	co_row_hugetlb_dontneed, co_row_hugetlb_mprotect, co_row_hugetlb_punch;
/* ksm.c */
extern const struct co_row co_row_ksm_merge, co_row_ksm_unmerge, co_row_ksm_zero;
/* uffd.c */
extern const struct co_row co_row_uffd_missing, co_row_uffd_minor, co_row_uffd_wp;
/* hole.c */
extern const struct co_row co_row_shmem_punch, co_row_shmem_truncate, co_row_file_punch,
	co_row_file_truncate, co_row_dax_punch, co_row_dax_truncate;
/* file.c */
extern const struct co_row co_row_msync, co_row_writeback, co_row_drop_caches, co_row_direct_write,
	co_row_dax_msync;
/* softdirty.c */
extern const struct co_row co_row_clear_refs;
/* special.c */
extern const struct co_row co_row_zero_page, co_row_first_touch, co_row_stack, co_row_vvar,
	co_row_vdso;

#endif
