#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# sparse finds nothing in the driver. Its output is the build's: a directory of its own.
set -euo pipefail

shopt -s nullglob
headers=(/usr/src/linux-headers-*-amd64)
[ ${#headers[@]} -ge 1 ] || { echo "there are no kernel headers in /usr/src" && exit 77; }
for kdir in "${headers[@]}"; do
	case $(basename "$kdir") in linux-headers-"$LAB_KERNEL".*) ;; *) continue ;; esac
	make -C kernel -j"$(nproc)" sparse KDIR="$kdir" O="$PWD/build/sparse-$LAB_KERNEL"
	exit
done
echo "no headers of kernel $LAB_KERNEL among ${headers[*]}"
exit 1
