// SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
/*
 * A QEMU TCG plugin that counts the instructions which a guest with one virtual CPU executes. It counts runs of
 * translated blocks; a block that a fault leaves half-way counts whole, which is rare and the same in every boot.
 *
 * Arguments: dir=DIRECTORY (required; the counters go to DIRECTORY/counters) and profile=on.
 */
#include "blocks.h"
#include "qemu_plugin.h"
#include "window.h"
#include "wire.h"

#include <stdio.h>
#include <string.h>

extern PLUGIN_EXPORT int qemu_plugin_version;
PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_API;

static FILE *out;

static void block_ran(unsigned int vcpu, void *arg)
{
	struct block *block = arg;

	(void)vcpu;
	block->runs++;
}

static void nop_ran(unsigned int vcpu, void *arg)
{
	(void)vcpu;
	wire_byte((uintptr_t)arg);
}

static void watch_nop(struct qemu_plugin_insn *insn)
{
	uint8_t code[WIRE_NOP_SIZE];

	if (qemu_plugin_insn_size(insn) != sizeof(code))
		return;
	insn_bytes(insn, code, sizeof(code));
	if (wire_is_nop(code))
		qemu_plugin_register_vcpu_insn_exec_cb(insn, nop_ran, PLUGIN_NO_REGS,
						       (void *)(uintptr_t)code[WIRE_NOP_BYTE]);
}

static bool is_syscall(const struct qemu_plugin_insn *insn)
{
	uint8_t code[2];

	if (qemu_plugin_insn_size(insn) != sizeof(code))
		return false;
	insn_bytes(insn, code, sizeof(code));
	return code[0] == 0x0f && code[1] == 0x05;
}

static void block_translated(uint64_t id, struct qemu_plugin_tb *tb)
{
	size_t insns = qemu_plugin_tb_n_insns(tb);
	struct block *block;
	bool syscall;

	(void)id;
	syscall = is_syscall(qemu_plugin_tb_get_insn(tb, insns - 1));
	block = block_get(qemu_plugin_tb_vaddr(tb), insns, syscall);
	qemu_plugin_register_vcpu_tb_exec_cb(tb, block_ran, PLUGIN_NO_REGS, block);
	for (size_t i = 0; i < insns; i++)
		watch_nop(qemu_plugin_tb_get_insn(tb, i));
}

static void guest_ended(uint64_t id, void *arg)
{
	(void)id;
	(void)arg;
	fclose(out);
}

static FILE *open_counters(const char *dir)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/counters", dir);
	return fopen(path, "w");
}

PLUGIN_EXPORT int qemu_plugin_install(uint64_t id, const struct qemu_plugin_info *info, int argc,
				      char **argv)
{
	const char *dir = NULL;
	bool profile = false;

	(void)info;
	for (int i = 0; i < argc; i++) {
		if (!strncmp(argv[i], "dir=", 4))
			dir = argv[i] + 4;
		else
			profile = profile || !strcmp(argv[i], "profile=on");
	}
	out = dir ? open_counters(dir) : NULL;
	if (!out) {
		fprintf(stderr, "bench counter: needs dir=DIRECTORY that it can write to\n");
		return -1;
	}
	window_setup(out, profile);
	wire_setup(dir, out);
	qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
	qemu_plugin_register_atexit_cb(id, guest_ended, NULL);
	return 0;
}
