# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# shellcheck shell=bash
#
# guest: boots a guest and waits for its counters. Nothing that the guest sees depends on the host: one virtual CPU, a
# clock that counts instructions, a fixed seed, no devices but a serial port, everything in its initramfs.

# A guest's limit in seconds; alone on two processors it needs a tenth of it. How many run at once.
BENCH_GUEST_LIMIT=1800
BENCH_GUESTS_AT_ONCE=${BENCH_GUESTS_AT_ONCE:-2}

# Kernels leave fast string instructions alone (clearcpuid): newer QEMUs offer them, and count them byte by byte.
# A kernel that has trouble ends its guest at once; a process that cannot be killed is trouble.
BENCH_CMDLINE="console=ttyS0 quiet panic=-1 oops=panic softlockup_panic=1 hung_task_panic=1
	sysctl.kernel.hung_task_timeout_secs=20 nokaslr norandmaps mitigations=off clearcpuid=erms,fsrm
	random.trust_cpu=on tsc=reliable
	net.ifnames=0 cryptomgr.notests"

# bench_boot DIR [profile]: runs the guest until it powers off, in place of the calling subshell, so that whoever ends that ends it. Counters are in DIR/counters, its console in DIR/console.
bench_boot() {
	local dir=$1 plugin=$BENCH_BUILD/counter.so,dir=$1
	[ -z "${2:-}" ] || plugin+=,profile=on
	exec timeout --kill-after=10 "$BENCH_GUEST_LIMIT" "$BENCH_QEMU" -nodefaults -no-user-config -display none -no-reboot \
		-machine pc -m 1G -smp 1 -cpu max -accel tcg,thread=single -seed "${BENCH_SEED:-7}" \
		-icount shift=0,sleep=off,align=off -rtc base=2026-01-01T00:00:00,clock=vm \
		-serial "file:$dir/console" -plugin "$plugin" \
		-kernel "$(kernel_path "$BENCH_KERNEL")/vmlinux" -initrd "$dir/initrd" -append "${BENCH_CMDLINE//[$'\n\t']/ }" \
		</dev/null >"$dir/qemu" 2>&1
}

# bench_run_guests DIR [profile]: makes the images and runs the guests.
bench_run_guests() {
	local dir=$1 guest
	for guest in "$dir"/*/; do
		bench_guest_image "${guest%/}" "${2:-}"
	done
	step "Counting $(bench_windows_planned "$dir") windows in $(cat "$dir"/*/kind | wc -l) guests" 3600 \
		bench_pool "$@" || true
}

# Runs all guests, some at once, and says how far they are.
bench_pool() {
	local guest dir=$1
	shift
	for guest in "$dir"/*/; do
		bench_pool_wait "$dir" "$BENCH_GUESTS_AT_ONCE"
		bench_boot "${guest%/}" "$@" &
	done
	bench_pool_wait "$dir" 1
}

# bench_pool_wait DIR N: until fewer than N guests run.
bench_pool_wait() {
	local counted told=
	while [ "$(jobs -pr | wc -l)" -ge "$2" ]; do
		counted=$(bench_windows_done "$1")
		[ "$counted" = "$told" ] || echo "$counted windows counted"
		told=$counted
		sleep 0.5
	done
}

bench_windows_planned() {
	cat "$1"/*/plan | awk '{ windows += 2 * $4 } END { print windows }'
}

bench_windows_done() {
	cat "$1"/*/counters 2>/dev/null | grep -c '^window .*:' || true
}

# bench_check_guests DIR: ends the bench when a row failed, or a guest did not come to its end, and shows what they said.
# Rows that a device refuses are only named.
bench_check_guests() {
	local guest bad=
	for guest in "$1"/*/; do
		sed -n 's/^refused /not measured, the device does not support it: /p' "$guest/counters" >&2
		bench_guest_good "${guest%/}" || { bad+=" ${guest%/}" && bench_last_words "${guest%/}"; }
	done
	[ -z "$bad" ] || die "not everything was measured" "all files are in$bad"
}

bench_guest_good() {
	[ "$(tail -n 1 "$1/counters" 2>/dev/null)" = "done" ] && ! grep -q '^failed\|^error' "$1/counters"
}

# bench_last_words GUEST-DIR: the ends of its counters, its console and its emulator's log.
bench_last_words() {
	local file
	say "guest ${1##*/}:"
	for file in counters console qemu; do
		tail -n 25 "$1/$file" 2>/dev/null | tr -d '\r' | cut -c 1-200 | sed "s/^/  $file | /" >&2
	done
}

# Boots every guest again, and compares.
bench_repeat_guests() {
	local guest again=$1.again
	rm -rf "$again"
	for guest in "$1"/*/; do
		mkdir -p "$again/$(basename "$guest")"
		cp "$guest"/{plan,kind} "$again/$(basename "$guest")/"
	done
	bench_run_guests "$again"
	bench_check_guests "$again"
	for guest in "$1"/*/; do
		cmp "$guest/counters" "$again/$(basename "$guest")/counters" >&2 ||
			die "guest $(basename "$guest") counted differently the second time"
	done
	say "the second boot of every guest gave the same counters"
}
