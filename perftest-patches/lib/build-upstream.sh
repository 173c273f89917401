#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# build-upstream SOURCE DEBIAN-SOURCE PACKAGES BIN: in the lab's tree. Upstream's repository
# has no configure, and the tree no autotools, so this compiles the programs in SOURCE with the
# config.h that the build of DEBIAN-SOURCE found out, and puts them into BIN.
set -euo pipefail

source=$1 debian=$2 packages=$3 bin=$4
FLAGS=(-g -O2 -Wall -Wno-deprecated-declarations -D_GNU_SOURCE -DHAVE_CONFIG_H "-I$debian"
	-DHAVE_SSE42 -msse4.2 "-I$packages/usr/include" "-I$packages/usr/include/x86_64-linux-gnu")
LIBRARIES=("-L$debian/libs" -lefa -lhns -lmlx5 -libverbs -lrdmacm -libumad -lpci -lm -lpthread)

compile() {
	gcc "${FLAGS[@]}" -c -o "$source/$(basename "$1" .c).o" "$1"
}

# link PROGRAM OBJECT...
link() {
	local program=$1
	shift
	gcc -o "$bin/$program" "${@/#/$source/}" "${common[@]}" "${LIBRARIES[@]}"
}

cd "$source"
mkdir -p "$bin"
common=()
for name in get_clock perftest_communication perftest_parameters perftest_resources perftest_counters \
	host_memory host_validation mmap_memory raw_ethernet_resources; do
	compile "src/$name.c"
	common+=("$source/$name.o")
done
compile src/multicast_resources.c
for name in send_bw send_lat write_bw write_lat read_bw read_lat atomic_bw atomic_lat; do
	compile "src/$name.c"
	case $name in
	send_*) link "ib_$name" "$name.o" multicast_resources.o ;;
	*) link "ib_$name" "$name.o" ;;
	esac
done
