#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# image.sh DIR [KERNEL]: makes DIR, from which an image is built with ci/Containerfile: the lab with what a guest of KERNEL [7] needs,
# all of it built. Of the user space only the guest's disk is taken, not the tree that rodp is built in.
set -euo pipefail

dir=${1:?image.sh DIR [KERNEL]}
kernel=${2:-7}
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
lab=$top/tests/lab/lab

[ ! -e "$dir" ] || { echo "image.sh: $dir is there already" >&2 && exit 1; }
"$lab" build --kernel "$kernel"
mkdir -p "$dir/opt/rodp/build" "$dir/opt/cache/rodp"/{kernels,trees}
dir=$(readlink -f "$dir")
cd "$top"
# shellcheck disable=SC2046 # names
"$lab" --call copy_sources $(git ls-files | cut -d/ -f1 | sort -u) | tar -x -C "$dir/opt/rodp"

# sparse SOURCE TARGET: disks are mostly empty.
sparse() { cp -a --sparse=always "$@"; }

path=$("$lab" --call kernel_path "$kernel")
mkdir "$dir/opt/cache/rodp/kernels/${path##*/}"
sparse "$path"/{version,vmlinux,root.img,boot-modules} "$dir/opt/cache/rodp/kernels/${path##*/}/"
suite=$("$lab" --call kernel_suite "$kernel")
path=$("$lab" --call tree_path "$suite")
mkdir -p "$dir/opt/cache/rodp/trees/${path##*/}/root/var/lib/dpkg"
sparse "$path/root.img" "$dir/opt/cache/rodp/trees/${path##*/}/"
cp "$path/root/var/lib/dpkg/status" "$dir/opt/cache/rodp/trees/${path##*/}/root/var/lib/dpkg/"

module=$("$lab" --call module_path "$kernel")
mkdir -p "$dir/opt/rodp/build/$(basename "$(dirname "$module")")" "$dir/opt/rodp/build/$suite/stages"
cp "$module" "$dir/opt/rodp/build/$(basename "$(dirname "$module")")/"
stage=$(readlink -f "$("$lab" --call stage_path "$suite")")
cp -a "$stage" "$dir/opt/rodp/build/$suite/stages/"
ln -s "stages/${stage##*/}" "$dir/opt/rodp/build/$suite/stage"
"$lab" --call in_tree "$suite" none gcc -O2 -static -o "build/tsc-rate.$$" tests/lab/lib/tsc-rate.c
mv "build/tsc-rate.$$" "$dir/opt/rodp/build/tsc-rate"
chmod -R a+rwX "$dir/opt/cache" # here: in the image it would be another copy of all of it
cp ci/Containerfile "$dir/"
echo "image.sh: $(du -sh "$dir" | cut -f1) in $dir; podman build -t rodp $dir"
