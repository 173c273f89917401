#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# sparse finds nothing in the driver. Its output is the build's: a directory of its own. What sparse has found nothing in
# is looked at again when it must be built again; all of it, when sparse, the kernel's headers or the build's rules are others,
# or when the last run was not to the end.
set -euo pipefail

shopt -s nullglob
out=$PWD/build/sparse-$LAB_KERNEL

# headers: those of this kernel.
headers() {
	local all=(/usr/src/linux-headers-*-amd64) dir
	[ ${#all[@]} -ge 1 ] || { echo "there are no kernel headers in /usr/src" >&2 && return 77; }
	for dir in "${all[@]}"; do
		case $(basename "$dir") in linux-headers-"$LAB_KERNEL".*) echo "$dir" && return ;; esac
	done
	echo "no headers of kernel $LAB_KERNEL among ${all[*]}" >&2
	return 1
}

# forget: nothing was looked at.
forget() {
	[ ! -d "$out" ] || find "$out" -name '*.o' -delete
}

kdir=$(headers)
with="$(sparse --version) $kdir $(cat kernel/Makefile kernel/Kbuild | sha256sum)"
changed=yes
if [ "$(cat "$out/looked-with" 2>/dev/null)" != "$with" ]; then
	forget
	changed=''
fi
rm -f "$out/looked-with"
make -C kernel -j"$(nproc)" sparse KDIR="$kdir" O="$out" CHANGED="$changed" || { forget && exit 1; }
echo "$with" >"$out/looked-with"
