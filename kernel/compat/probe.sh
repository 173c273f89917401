#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# probe.sh KDIR OUT [VARIABLE=VALUE...]: asks the kernel headers in KDIR the
# questions in probes/ and writes the answers to OUT/rodp_config.h. The variables
# are those of the build that is to follow.
#
# A question is a C file: its answer is yes when it compiles, with the kernel's
# own build system and flags. probes/create_cq_attrs.c becomes
# RODP_HAVE_CREATE_CQ_ATTRS. Two questions are controls: control_yes must
# compile and control_no must not, else no answer is believed. Where a need_* does not
# compile, the kernel lacks what nothing here stands in for, and the build ends with its name.
#
# The answers are kept until the kernel, the variables or a question change.
set -eu

kdir=$1 out=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
work=$out/probes
config=$out/rodp_config.h
unset MAKEFLAGS MAKELEVEL MFLAGS

# Whether the driver is built for kernels with PREEMPT_RT: yes or no. "no" until the quick suite has passed on one
# (tests/lab/lab test --kernel rt); debian/rodp-dkms.dkms says the same, and tests/packages/rt.sh compares them. The
# variable RODP_RT=yes builds for one nevertheless, to run that suite.
rt=no

die() {
	echo "rodp: $*" >&2
	exit 1
}

check_headers() {
	[ -e "$kdir/Makefile" ] ||
		die "no kernel headers in $kdir; install linux-headers-\$(uname -r), or name them with KDIR="
	[ -e "$kdir/include/config/kernel.release" ] && [ -e "$kdir/include/generated/autoconf.h" ] ||
		die "the kernel tree in $kdir is not prepared; run 'make modules_prepare' in it"
	grep -qs '^CONFIG_INFINIBAND=[my]' "$kdir/include/config/auto.conf" ||
		die "the kernel in $kdir has no RDMA core (CONFIG_INFINIBAND)"
	[ "$rt" = yes ] || ! grep -qs '^CONFIG_PREEMPT_RT=y' "$kdir/include/config/auto.conf" ||
		die "rodp does not support PREEMPT_RT kernels yet"
}

# Everything that decides the answers.
key() {
	{
		cat "$kdir/include/config/kernel.release" "$kdir/include/config/auto.conf" "$0" "$here"/probes/*.c
		echo "$@"
	} | sha256sum
}

questions() {
	for file in "$here"/probes/*.c; do
		basename "$file" .c
	done
}

compile() {
	rm -rf "$work"
	mkdir -p "$work"
	for question in $(questions); do
		ln -s "$here/probes/$question.c" "$work/"
		echo "obj-m += $question.o"
	done >"$work/Kbuild"
	# shellcheck disable=SC2046 # one word a question
	make -k -j"$(nproc)" -C "$kdir" M="$work" "$@" $(questions | sed 's/$/.o/') >"$work/log" 2>&1 || true
}

check_controls() {
	[ -e "$work/control_yes.o" ] || {
		grep -A 8 -m 3 -E 'control_yes.*error|^make.*\*\*\*|: not found' "$work/log" >&2 || tail -n 20 "$work/log" >&2
		die "cannot compile against $kdir: the control above failed (all of it: $work/log)"
	}
	[ ! -e "$work/control_no.o" ] ||
		die "a probe that must fail compiled against $kdir; no answer can be believed"
}

# need QUESTION: what it asks for, by its first comment.
need() {
	sed -nE 's#^/\* (.*) \*/$#\1#p' "$here/probes/$1.c" | sed -n 1p
}

check_needs() {
	missing=
	for question in $(questions | grep '^need_'); do
		[ -e "$work/$question.o" ] && continue
		echo "rodp: this kernel lacks: $(need "$question")" >&2
		missing=yes
	done
	[ -z "$missing" ] || die "it cannot be built for $(cat "$kdir/include/config/kernel.release") (what the compiler said: $work/log)"
}

answers() {
	echo "/* Made by probe.sh for $(cat "$kdir/include/config/kernel.release"). */"
	for question in $(questions | grep -vE '^(control|need)_'); do
		name=RODP_HAVE_$(echo "$question" | tr '[:lower:]' '[:upper:]')
		if [ -e "$work/$question.o" ]; then
			echo "#define $name 1"
		else
			echo "/* no $name */"
		fi
	done
}

case " $* " in *" RODP_RT=yes "*) rt=yes ;; esac
check_headers
new_key=$(key "$@")
[ ! -e "$config" ] || [ "$(cat "$work/key" 2>/dev/null)" != "$new_key" ] || exit 0

echo "  PROBE   $kdir"
compile "$@"
check_controls
check_needs
answers >"$config.new"
if cmp -s "$config.new" "$config"; then rm "$config.new"; else mv "$config.new" "$config"; fi
echo "$new_key" >"$work/key"
