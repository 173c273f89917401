# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# shellcheck shell=bash
#
# modules: which kernel modules a guest loads, in which order, and where the text of the measured one is.

# Modules that others ask for by name while they load, where a kernel has them: rxe's CRC32 on 6.1 and 6.12.
BENCH_WANTED_MODULES="crc32_generic crc32-pclmul"

bench_kernel_root() { echo "$(kernel_path "$BENCH_KERNEL")/root"; }

# bench_module_of DEVICE: the name of the module that is measured.
bench_module_of() {
	case $1 in
	rxe) echo rdma_rxe ;;
	floor) echo bench_floor ;;
	*) echo "$1" ;;
	esac
}

# bench_module_files NAME...: the kernel's own modules with what they need, in loading order.
bench_module_files() {
	local name
	for name in "$@"; do
		PATH=$PATH:/usr/sbin:/sbin modprobe -d "$(bench_kernel_root)" -S "$(kernel_version "$BENCH_KERNEL")" \
			--show-depends "$name" || die "kernel $BENCH_KERNEL has no module $name"
	done | awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

# Those of BENCH_WANTED_MODULES that this kernel has.
bench_wanted_modules() {
	local name
	for name in $BENCH_WANTED_MODULES; do
		find "$(bench_kernel_root)/lib/modules/" -name "$name.ko*" -printf "$name\n"
	done
}

# bench_guest_modules DEVICE TOPOLOGY: files in loading order; the measured module is the last.
bench_guest_modules() {
	local names own=
	names="ib_uverbs $(bench_wanted_modules)"
	case $2 in
	one) names+=" dummy" ;;
	veth) names+=" veth" ;;
	none) names= ;;
	esac
	case $1 in
	rxe) names+=" rdma_rxe" ;;
	*) own=$(bench_own_module "$1") && names+=" $(modinfo_depends "$own")" ;;
	esac
	# shellcheck disable=SC2086 # a list
	[ -z "${names// /}" ] || bench_module_files $names
	[ -z "$own" ] || echo "$own"
}

# modinfo_depends FILE: the names of the modules that it needs.
modinfo_depends() {
	PATH=$PATH:/usr/sbin:/sbin modinfo -F depends "$1" | tr ',' ' '
}

# bench_own_module DEVICE: the file of a module that this project builds.
bench_own_module() {
	case $1 in
	floor) echo "$BENCH_BUILD/floor/bench_floor.ko" ;;
	*) bench_rodp_module ;;
	esac
}

# Builds the floor's module for the kernel that is measured.
bench_floor_build() {
	mkdir -p "$BENCH_BUILD/floor"
	cp "$BENCH_DIR"/floor/{Kbuild,floor.c} "$BENCH_BUILD/floor/"
	in_tree "$(bench_suite)" "$BENCH_KERNEL" make -C "/usr/src/linux-headers-$(kernel_version "$BENCH_KERNEL")" \
		M="$BENCH_BUILD/floor" CONFIG_DEBUG_INFO_BTF_MODULES= modules >"$BENCH_BUILD/floor/log" 2>&1 ||
		{ cat "$BENCH_BUILD/floor/log" >&2 && die "the floor's module does not build"; }
}

# bench_module_copy FILE DIR: uncompressed.
bench_module_copy() {
	local name=${1##*/}
	name=${name%%.ko*}.ko
	case $1 in
	*.xz) xz -dc "$1" ;;
	*.zst) zstd -dcq "$1" ;;
	*) cat "$1" ;;
	esac >"$2/$name"
	echo "$name"
}

# bench_text_sections FILE: a line "MODULE SECTION SIZE" (hexadecimal) for each section of code that stays in memory.
bench_text_sections() {
	local module=${1##*/}
	readelf -SW "$1" | sed 's/^ *\[ *[0-9]*\] *//' |
		awk -v module="${module%.ko}" '
			$2 == "PROGBITS" && $7 ~ /AX/ && $1 !~ /^\.(init|exit)/ && $5 !~ /^0+$/ { print module, $1, "0x" $5 }'
}
