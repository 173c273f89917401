#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# build SOURCE PACKAGES BIN: in the lab's tree. Configures and compiles the perftest in
# SOURCE and puts its programs into BIN. The tarball brings its configure, and no patch
# changes that, so no autotools are needed. PACKAGES holds the development files that the
# tree lacks; the libraries that belong to them are there.
set -euo pipefail

source=$1 packages=$2 bin=$3
arch=x86_64-linux-gnu

# The packages' links name libraries that lie in the tree.
link_libraries() {
	local link
	mkdir -p "$source/libs"
	for link in "$packages/usr/lib/$arch"/*.so; do
		ln -sf "/usr/lib/$arch/$(readlink "$link")" "$source/libs/${link##*/}"
	done
}

link_libraries
cd "$source"
./configure --quiet CPPFLAGS="-I$packages/usr/include -I$packages/usr/include/$arch" LDFLAGS="-L$source/libs"
make -s -j"$(nproc)" CFLAGS="-g -O2 -Wall -Wno-deprecated-declarations -D_GNU_SOURCE"
mkdir -p "$bin"
cp -f ib_* "$bin"
