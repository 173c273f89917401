# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# accel: KVM where it is there and really boots the kernel in question, TCG
# otherwise. Some hosts have a /dev/kvm under which stock kernels hang, so it is
# probed by a real boot with a time limit; the answer is kept until the host's
# next boot.

ACCEL_PROBE_LIMIT=12 # seconds; a boot under working KVM takes about one

accel_answer_file() {
	local key
	key=$(hash_of "$(cat /proc/sys/kernel/random/boot_id)" "$(qemu-system-x86_64 --version)" "$(kernel_version "$1")")
	echo "$(cache_dir)/accel/$1-$key"
}

# True when the kernel reaches its initrd's end under KVM.
kvm_boots() {
	local dir
	dir=$(mktemp -d "$LAB_TMP/probe.XXXXXX")
	mkdir "$dir/job"
	touch "$dir/job/probe"
	make_initrd "$dir/initrd" "$(kernel_path "$1")" "$dir/job"
	{ timeout --kill-after=1 "$ACCEL_PROBE_LIMIT" qemu-system-x86_64 -accel kvm -cpu host -smp 2 -m 512 \
		-nodefaults -no-user-config -no-reboot -display none \
		-kernel "$(kernel_path "$1")/vmlinux" -initrd "$dir/initrd" -append "$(kernel_command_line)" \
		-serial null -chardev file,id=status,path="$dir/status" -serial chardev:status \
		</dev/null || true; } >/dev/null 2>&1
	grep -q '^probe-ok' "$dir/status" 2>/dev/null
}

probe_accel() {
	local answer=tcg
	if [ -w /dev/kvm ]; then
		say "trying whether KVM boots kernel $1 (at most $ACCEL_PROBE_LIMIT s, once per host boot)"
		if kvm_boots "$1"; then answer=kvm; fi
	fi
	say "kernel $1 runs under $answer"
	echo "$answer"
}

# Under emulation a guest's time stamp counter is the host's. A guest on a busy
# host may take its rate for three times what it is, and then all its time-outs and
# measured rates are wrong: so it is measured here and told.
tsc_file() {
	echo "$(cache_dir)/accel/tsc-$(hash_of "$(cat /proc/sys/kernel/random/boot_id)")"
}

# tsc_program: where an image has it compiled, since it has no compiler (ci/image.sh).
tsc_program() { echo "$LAB_CHECKOUT/build/tsc-rate"; }

measure_tsc() {
	if [ -x "$(tsc_program)" ]; then
		"$(tsc_program)"
		return
	fi
	in_tree "$1" none bash -c 'gcc -O2 -o /tmp/tsc-rate tests/lab/lib/tsc-rate.c && /tmp/tsc-rate'
}

need_tsc() {
	local file
	file=$(tsc_file)
	[ ! -s "$file" ] || return 0
	mkdir -p "$(dirname "$file")"
	measure_tsc "$1" >"$file.$$"
	mv "$file.$$" "$file"
}

# accel_words KERNEL: for the guest's kernel command line.
accel_words() {
	[ "$(accel_of "$1")" = kvm ] || echo "tsc_early_khz=$(cat "$(tsc_file)")"
}

# need_accel KERNEL SUITE: makes sure that the answer is known; SUITE's tree is there.
need_accel() {
	local file
	need_tsc "$2"
	[ -z "${LAB_ACCEL:-}" ] || return 0
	file=$(accel_answer_file "$1")
	[ ! -e "$file" ] || return 0
	mkdir -p "$(dirname "$file")"
	probe_accel "$1" >"$file.$$"
	mv "$file.$$" "$file"
}

# accel_of KERNEL: kvm or tcg. LAB_ACCEL decides without asking.
accel_of() {
	echo "${LAB_ACCEL:-$(cat "$(accel_answer_file "$1")")}"
}

# QEMU's arguments, one a line. TCG carries out "rep stosb" byte by byte, and each byte that goes to a page
# which once held code looks through all translations of that page: clearing one such page has taken half a
# minute. A CPU without fast byte strings has the kernel store words.
accel_options() {
	case $(accel_of "$1") in
	kvm) printf '%s\n' -accel kvm -cpu host ;;
	*) printf '%s\n' -accel tcg,thread=multi -cpu max,-erms,-fsrm ;;
	esac
}
