# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# shellcheck shell=bash
#
# modules: which kernel modules a guest loads, in which order, and where the text of the measured one is.

# Modules that others ask for by name while they load, where a kernel has them: rxe's CRC32 on 6.1 and 6.12.
BENCH_WANTED_MODULES="crc32_generic crc32_pclmul"

# Where the modules that a guest needs, and modules.dep, are taken out of the kernel's image to.
bench_module_dir() { echo "$BENCH_BUILD/modules-$(kernel_version "$BENCH_KERNEL")"; }

# bench_image_debugfs REQUEST: debugfs on the kernel's image; it says its version on stderr.
bench_image_debugfs() {
	PATH=$PATH:/usr/sbin:/sbin debugfs -R "$1" "$(kernel_path "$BENCH_KERNEL")/root.img" 2>/dev/null
}

# bench_module_extract FILE: a file of bench_module_dir, from the image.
bench_module_extract() {
	mkdir -p "${1%/*}"
	[ -s "$1" ] || bench_image_debugfs \
		"dump /usr/lib/modules/$(kernel_version "$BENCH_KERNEL")${1#"$(bench_module_dir)"} $1"
	[ -s "$1" ] || die "kernel $BENCH_KERNEL has no file ${1##*/}"
}

# bench_module_of DEVICE: the name of the module that is measured, if it is one.
bench_module_of() {
	case $1 in
	rxe) echo rdma_rxe ;;
	floor) echo bench_floor ;;
	tcp | cma) ;;
	*) echo "$1" ;;
	esac
}

# bench_module_files NAME...: the kernel's own modules with what they need, in loading order.
bench_module_files() {
	local file
	bench_module_extract "$(bench_module_dir)/modules.dep"
	for file in $(bench_module_names "$@"); do
		bench_module_extract "$file"
		echo "$file"
	done
}

# bench_module_names NAME...: the same, but only the names of the files. modules.dep has a line "FILE: FILE..." for each
# module, with all that it needs, the first to load last. What is built into the kernel has no line.
bench_module_names() {
	local name
	for name in "$@"; do
		awk -v name="$name" '
			BEGIN { gsub("_", "[-_]", name) }
			$1 ~ "/" name "[.]ko:$" { for (i = NF; i > 1; i--) print $i; sub(":", "", $1); print $1 }
		' "$(bench_module_dir)/modules.dep"
	done | awk -v dir="$(bench_module_dir)" '!seen[$1]++ { print dir "/" $1 }'
}

# bench_guest_modules DEVICE TOPOLOGY: files in loading order; the measured module is the last.
bench_guest_modules() {
	local names own=
	names=$(bench_network_modules "$1" "$2")
	case $1 in
	rxe) names+=" rdma_rxe" ;;
	tcp | cma) ;;
	*) own=$(bench_own_module "$1") && names+=" $(modinfo_depends "$own")" ;;
	esac
	# shellcheck disable=SC2086 # a list
	[ -z "${names// /}" ] || bench_module_files $names
	[ -z "$own" ] || echo "$own"
}

# bench_network_modules DEVICE TOPOLOGY: what it stands on. siw is connected through rdma_cm.
bench_network_modules() {
	case $2 in
	one) echo dummy ;;
	veth) echo veth ;;
	none) return ;;
	esac
	case $1 in
	tcp | cma) ;;
	siw) echo "ib_uverbs rdma_ucm $BENCH_WANTED_MODULES" ;;
	*) echo "ib_uverbs $BENCH_WANTED_MODULES" ;;
	esac
}

# modinfo_depends FILE: the names of the modules that it needs.
modinfo_depends() {
	PATH=$PATH:/usr/sbin:/sbin modinfo -F depends "$1" | tr ',' ' '
}

# bench_own_module DEVICE: the file of a module that this project builds.
bench_own_module() {
	case $1 in
	floor) echo "$BENCH_BUILD/floor/bench_floor.ko" ;;
	siw) echo "$BENCH_BUILD/siw/siw.ko" ;;
	*) bench_rodp_module ;;
	esac
}

# Builds the floor's module for the kernel that is measured.
bench_floor_build() {
	mkdir -p "$BENCH_BUILD/floor"
	cp "$BENCH_DIR"/floor/{Kbuild,floor.c} "$BENCH_BUILD/floor/"
	in_tree "$(bench_suite)" "$BENCH_KERNEL" make -C "/usr/src/linux-headers-$(kernel_version "$BENCH_KERNEL")" \
		M="$BENCH_BUILD/floor" modules >"$BENCH_BUILD/floor/log" 2>&1 ||
		{ cat "$BENCH_BUILD/floor/log" >&2 && die "the floor's module does not build"; }
}

# bench_text_of DEVICE DIR: the same of the module that is measured, which is in DIR.
bench_text_of() {
	local module
	module=$(bench_module_of "$1")
	[ -z "$module" ] || bench_text_sections "$2/$module.ko"
}

# bench_text_sections FILE: a line "MODULE SECTION SIZE" (hexadecimal) for each section of code that stays in memory.
bench_text_sections() {
	local module=${1##*/}
	readelf -SW "$1" | sed 's/^ *\[ *[0-9]*\] *//' |
		awk -v module="${module%.ko}" '
			$2 == "PROGBITS" && $7 ~ /AX/ && $1 !~ /^\.(init|exit)/ && $5 !~ /^0+$/ { print module, $1, "0x" $5 }'
}
