/* SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB */
/*
 * The part of QEMU's TCG plugin interface that the counter uses. Debian packages no header for it, so the functions are
 * declared here. All of them are the same from interface version 0 (QEMU 4.2) to the newest, but for
 * qemu_plugin_insn_data(), which is called through insn_bytes() only.
 *
 * PLUGIN_API is the version that the plugin claims: the newest that the installed QEMU knows. The build asks QEMU.
 */
#ifndef BENCH_QEMU_PLUGIN_H
#define BENCH_QEMU_PLUGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef PLUGIN_API
#error "PLUGIN_API is not set"
#endif

#define PLUGIN_EXPORT __attribute__((visibility("default")))

struct qemu_plugin_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum plugin_regs {
	PLUGIN_NO_REGS
};

typedef void (*plugin_exit_fn)(uint64_t id, void *arg);
typedef void (*plugin_trans_fn)(uint64_t id, struct qemu_plugin_tb *tb);
typedef void (*plugin_exec_fn)(unsigned int vcpu, void *arg);

void qemu_plugin_register_atexit_cb(uint64_t id, plugin_exit_fn fn, void *arg);
void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, plugin_trans_fn fn);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, plugin_exec_fn fn,
					  enum plugin_regs regs, void *arg);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, plugin_exec_fn fn,
					    enum plugin_regs regs, void *arg);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);

/* Copies the first @len bytes of @insn, which must have as many, to @dest. */
#if PLUGIN_API >= 3
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *dest, size_t len);

static inline void insn_bytes(const struct qemu_plugin_insn *insn, void *dest, size_t len)
{
	qemu_plugin_insn_data(insn, dest, len);
}
#else
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);

static inline void insn_bytes(const struct qemu_plugin_insn *insn, void *dest, size_t len)
{
	__builtin_memcpy(dest, qemu_plugin_insn_data(insn), len);
}
#endif

#endif
