// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * dlopened DEVICE: a program that is not linked with libibverbs: it finds the library and its
 * calls as it runs, as several communication libraries do, registers 4 MiB, changes the rights of
 * the region, and prints the pages that the process has pinned meanwhile, by the kernel's own count.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <infiniband/verbs.h>

#undef ibv_reg_mr

#define LENGTH (4ul << 20)

static void *library;

static void must(bool good, const char *what)
{
	if (good)
		return;
	perror(what);
	exit(1);
}

static void *call(const char *name)
{
	void *at = dlsym(library, name);

	must(at, name);
	return at;
}

#define CALL(name) ((__typeof__(&name))call(#name))

static struct ibv_context *open_device(const char *name)
{
	struct ibv_device **list = CALL(ibv_get_device_list)(NULL);
	struct ibv_context *ctx = NULL;
	int i;

	must(list, "ibv_get_device_list");
	for (i = 0; list[i]; i++)
		if (!strcmp(CALL(ibv_get_device_name)(list[i]), name))
			ctx = CALL(ibv_open_device)(list[i]);
	CALL(ibv_free_device_list)(list);
	must(ctx, name);
	return ctx;
}

static void print_pinned(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	unsigned long kib;
	char line[256];

	must(status, "/proc/self/status");
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "VmPin: %lu kB", &kib) == 1)
			printf("pinned %lu KiB\n", kib);
	fclose(status);
}

int main(int argc, char **argv)
{
	const int rights = IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_READ;
	struct ibv_context *ctx;
	struct ibv_pd *pd;
	struct ibv_mr *mr;
	void *at;

	must(argc == 2, "usage: dlopened DEVICE");
	library = dlopen("libibverbs.so.1", RTLD_NOW | RTLD_LOCAL);
	must(library, "libibverbs.so.1");
	ctx = open_device(argv[1]);
	pd = CALL(ibv_alloc_pd)(ctx);
	at = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(pd && at != MAP_FAILED, "memory");
	mr = CALL(ibv_reg_mr)(pd, at, LENGTH, rights);
	must(mr, "ibv_reg_mr");
	print_pinned();
	/* Not every driver has this for on-demand regions (rxe); rodp does. */
	must(!CALL(ibv_rereg_mr)(mr, IBV_REREG_MR_CHANGE_ACCESS, NULL, NULL, 0,
				 rights | IBV_ACCESS_REMOTE_WRITE) ||
		     (errno == EOPNOTSUPP && strncmp(argv[1], "rodp", 4)),
	     "ibv_rereg_mr");
	must(!CALL(ibv_reg_mr)(pd, (void *)64, LENGTH, rights), "nothing is mapped there");
	must(!CALL(ibv_dereg_mr)(mr), "ibv_dereg_mr");
	must(!CALL(ibv_dealloc_pd)(pd), "ibv_dealloc_pd");
	must(!CALL(ibv_close_device)(ctx), "ibv_close_device");
	return 0;
}
