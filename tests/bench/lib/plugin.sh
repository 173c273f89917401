# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# shellcheck shell=bash
# Builds the counter for the QEMU that is installed.

# The newest plugin interface version that this QEMU knows: a plugin that claims version 9999 is refused, and the
# refusal names it.
bench_plugin_api() {
	local probe=$BENCH_BUILD/probe.so api
	gcc -shared -x c -o "$probe" - <<<'int qemu_plugin_version = 9999; int qemu_plugin_install(void) { return 1; }'
	api=$(timeout 20 "$BENCH_QEMU" -M none -display none -plugin "$probe" 2>&1 |
		sed -n 's/.*plugin requires API version 9999.* version \([0-9]*\)$/\1/p') || true
	[ -n "$api" ] || die "$BENCH_QEMU loads no TCG plugins (bench needs a QEMU that does)"
	echo "$api"
}

# Builds $BENCH_BUILD/counter.so.
bench_plugin_build() {
	local api
	api=$(bench_plugin_api) || return
	gcc -Wall -Wextra -Werror -O2 -fPIC -shared -fvisibility=hidden "-DPLUGIN_API=$api" \
		-o "$BENCH_BUILD/counter.so" "$BENCH_DIR"/plugin/*.c
}
