# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# shellcheck shell=bash
#
# image: the initramfs of a guest. Two archives, one after the other: programs and libraries, the same for all guests,
# and the guest's modules and plan. The same input gives the same bytes.

BENCH_PROGRAMS="ib_write_bw ib_read_bw ib_send_bw ib_write_lat ip rdma dash chrt"
BENCH_APPLETS="mount mkdir cat cut grep sleep timeout insmod poweroff seq"

bench_suite() { kernel_suite "$BENCH_KERNEL"; }

# bench_archive DIR FILE: a cpio archive without dates, owners or chance in it.
bench_archive() {
	find "$1" -exec touch -h -d @0 {} +
	(cd "$1" && find . | LC_ALL=C sort | cpio -o -H newc --reproducible -R 0:0 --quiet) >"$2"
}

# What the guests have in common: $BENCH_BUILD/common.cpio.
bench_common_build() {
	local root=$BENCH_BUILD/common applet
	rm -rf "$root"
	mkdir -p "$root"/{usr/bin,usr/sbin,bench,proc,sys,dev,run,tmp}
	ln -s usr/bin usr/sbin "$root/"
	cp "$(command -v busybox)" "$root/bin/busybox"
	for applet in $BENCH_APPLETS; do ln -s busybox "$root/bin/$applet"; done
	gcc -Wall -Wextra -Werror -O2 -static -o "$root/bin/mark" "$BENCH_DIR/guest/mark.c"
	install -m 755 "$BENCH_DIR/guest/init" "$root/init"
	cp "$BENCH_DIR"/guest/*.sh "$root/bench/"
	bench_copy_programs "$root"
	install "$(build_path "$(bench_suite)")"/tests/{figures/first_touch,bench/{tcp_peer,cma_peer,spread}} "$root/usr/bin/"
	bench_archive "$root" "$BENCH_BUILD/common.cpio"
}

# The programs, the providers and every library that they load, from the tree.
bench_copy_programs() {
	local tree providers files
	tree=$(tree_path "$(bench_suite)")/root
	mapfile -t providers < <(cd "$tree" && printf '/%s\n' usr/lib/x86_64-linux-gnu/libibverbs/lib{rxe,siw}-rdmav*.so)
	# shellcheck disable=SC2086 # a list
	mapfile -t files < <(in_tree "$(bench_suite)" none which $BENCH_PROGRAMS)
	bench_copy_closure "$1" "${files[@]}" "${providers[@]}"
	ln -s dash "$1/bin/sh"
	mkdir -p "$1/etc/libibverbs.d"
	cp "$tree"/etc/libibverbs.d/{rxe,siw}.driver "$1/etc/libibverbs.d/"
}

# bench_copy_closure ROOT FILE...: the tree's FILEs, and their libraries where the loader looks for them.
bench_copy_closure() {
	local root=$1 tree file
	tree=$(tree_path "$(bench_suite)")/root
	shift
	for file in "$@" $(in_tree "$(bench_suite)" none ldd "$@" | grep -oE '/[^ :]+ \(' | tr -d ' (' | sort -u); do
		install -D "$tree/$file" "$root/$file"
	done
}

# bench_guest_image DIR [profile]: DIR/initrd, from DIR/plan and DIR/kind. Modules without their debugging information, which
# the guest would unpack instruction by instruction.
bench_guest_image() {
	local dir=$1 root=$1/image device topology file
	read -r device topology <"$dir/kind"
	rm -rf "$root"
	mkdir -p "$root/bench/modules"
	bench_guest_modules "$device" "$topology" >"$dir/modules"
	while read -r file; do
		strip --strip-debug -o "$root/bench/modules/${file##*/}" "$file"
		basename "$file"
	done <"$dir/modules" >"$root/bench/modules.list"
	bench_text_of "$device" "$root/bench/modules" >"$root/bench/text"
	[ "$topology" = none ] || echo "$topology $device" >"$root/bench/network"
	[ -z "${2:-}" ] || : >"$root/bench/symbols"
	cp "$dir/plan" "$root/bench/plan"
	[ "$device" != rodp ] || bench_rodp_provider "$root"
	bench_archive "$root" "$dir/guest.cpio"
	cat "$BENCH_BUILD/common.cpio" "$dir/guest.cpio" >"$dir/initrd"
}
