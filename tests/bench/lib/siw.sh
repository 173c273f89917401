# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# shellcheck shell=bash
#
# siw: iWARP over TCP in software, which no Debian kernel has: built from the kernel's own source against its headers. The
# lab has the source of kernel 7 alone.

bench_siw_source() { cache_path source siw "$(basename "$(kernel_path 7)")" 1; }

# bench_siw_fetch NEW-DIR
bench_siw_fetch() {
	unpack_linux_source "$1" '*/drivers/infiniband/sw/siw/*'
	mv "$1"/linux/drivers/infiniband/sw/siw/* "$1/"
	rm -rf "$1/linux"
}

bench_siw_cache() {
	cache_make "$(bench_siw_source)" bench_siw_fetch
}

# $BENCH_BUILD/siw/siw.ko, from the cached source.
bench_siw_build() {
	mkdir -p "$BENCH_BUILD/siw"
	cp -u "$(bench_siw_source)"/* "$BENCH_BUILD/siw/"
	in_tree "$(bench_suite)" "$BENCH_KERNEL" make -C "/usr/src/linux-headers-$(kernel_version "$BENCH_KERNEL")" \
		M="$BENCH_BUILD/siw" CONFIG_RDMA_SIW=m CONFIG_DEBUG_INFO_BTF_MODULES= modules
}

# bench_siw_make: says why there is none, and is false then.
bench_siw_make() {
	if [ "$BENCH_KERNEL" != 7 ]; then
		say "no siw: the lab has the source of kernel 7 alone, not of $BENCH_KERNEL"
	elif ! step "Getting siw's source (once)" 1800 bench_siw_cache; then
		say "no siw: its source cannot be had, see above"
	elif ! step "Building siw.ko" 600 bench_siw_build; then
		say "no siw: it does not build, see above"
	else
		return 0
	fi
	return 1
}

# Takes siw out of the devices where it cannot be had; with nothing else to measure that is an error.
bench_need_siw() {
	[[ " $BENCH_DEVICES " == *" siw "* ]] || return 0
	! bench_siw_make || return 0
	[ "$BENCH_DEVICES" != siw ] || die "siw cannot be measured here" "the lines above say why"
	BENCH_DEVICES=$(bench_without siw)
}

# bench_without DEVICE: the devices without it.
bench_without() {
	local device kept=
	for device in $BENCH_DEVICES; do
		[ "$device" = "$1" ] || kept+=" $device"
	done
	echo "${kept# }"
}
