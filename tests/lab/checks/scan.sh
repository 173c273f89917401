#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# scan: which lines of a kernel log fail a test (guest/scan.sh): the driver's data races and lost memory, and nobody
# else's; whatever else the kernel complains of, also in the middle of somebody else's report.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=SCRIPTDIR/../guest/scan.sh
. "$(dirname "$(readlink -f "$0")")/../guest/scan.sh"

dmesg() { cat "$dir/log"; }

# race FUNCTION WHOSE [LINE]: a report of KCSAN, with another CPU's line in it.
race() {
	printf '[   12.5] %s\n' '==================================================================' \
		"BUG: KCSAN: data-race in $1 / task_tick" '' \
		'write to 0xffff888003c9a628 of 8 bytes by task 487 on cpu 0:' " $1+0x1d/0x30$2" ' worker_thread+0x89/0xd0' '' \
		"${3:-another line}" 'read to 0xffff888003c9a628 of 8 bytes by interrupt on cpu 1:' ' task_tick+0x10/0x20' '' \
		'value changed: 0x00000000000009a6 -> 0x00000000000009b2' 'Reported by Kernel Concurrency Sanitizer on:' \
		'CPU: 1 UID: 0 PID: 488 Comm: race Tainted: G           O        7.3.4-kcsan #1' \
		'=================================================================='
}

# says WANTED: what the log's trouble is; nothing for none.
says() {
	local trouble
	{ echo "[   12.4] lab: begin 7" && cat; } >"$dir/log"
	trouble=$(kernel_trouble 7 || true)
	[[ $trouble == *"$1"* && (-n $1 || -z $trouble) ]] || { cat "$dir/log" && echo "scan: '$trouble', not '$1'" && exit 1; }
}

says '' < <(race ip_finish '')
says 'BUG: KCSAN: data-race in lane_run' < <(race lane_run ' [rodp]')
says 'BUG: KCSAN: data-race in lane_run' < <(race ip_finish '' && race lane_run ' [rodp]' && race ip_finish '')
says 'BUG: KCSAN: data-race in lane_run' < <(race lane_run ' [rodp]' | sed -n 1,5p)
says 'WARNING: CPU: 0' < <(race ip_finish '' 'WARNING: CPU: 0 PID: 1 at mm/slub.c:1')
says 'BUG: unable to handle' < <(race ip_finish '' && echo '[   12.9] BUG: unable to handle page fault')
says 'BUG: KASAN' < <(echo '[   12.9] BUG: KASAN: slab-use-after-free in lane_run+0x1/0x2 [rodp]')
killed='[   12.9] Out of memory: Killed process 369 (oom_reaper) total-vm:112348kB, UID:0 pgtables:124kB oom_score_adj'
says 'Out of memory' < <(echo "$killed:0")
says '' < <(echo "$killed:1000")
says '' < <(echo '[   12.9] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)')

# lost FUNCTION WHOSE: of kmemleak's report.
lost() {
	printf '%s\n' 'unreferenced object 0xffff888107ec4a00 (size 256):' '  comm "rc_ops", pid 123, jiffies 4294700000' \
		'  hex dump (first 32 bytes):' '    00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f  ................' \
		'  backtrace (crc 0):' '    __kmalloc_cache_noprof+0x1/0x2' "    $1+0x3/0x4$2" '    ib_create_qp_kernel+0x5/0x6 [ib_core]'
}

# leaks WANTED
leaks() {
	own_leaks >"$dir/leaks"
	[ "$(cat "$dir/leaks")" = "$1" ] || { cat "$dir/leaks" && echo "scan: not '$1'" && exit 1; }
}

leaks '' < <(lost tcp_open '')
leaks '' < <(lost mlx_open ' [mlx5_ib]')
leaks 'unreferenced object 0xffff888107ec4a00 (size 256): of "rc_ops", lane_make+0x3/0x4' < <(lost tcp_open '' && lost lane_make ' [rodp]')
echo "what is the driver's is told from what is not"
