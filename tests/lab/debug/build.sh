#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# build.sh WORK NAME: runs inside the tree that kernels are built in, and builds the kernel NAME. WORK/linux is the
# source, WORK/config Debian's configuration, WORK/lsmod lists the modules to keep of it. Leaves WORK/version,
# WORK/vmlinux, WORK/root (the modules, installed) and WORK/headers (what modules are built with).
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
work=$1
unset MAKEFLAGS
export KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab

"$here/configure.sh" "$work" "$2"
cd "$work/linux"
make -j"$(nproc)" vmlinux modules
make -s kernelrelease >../version
make INSTALL_MOD_PATH=../root/usr INSTALL_MOD_STRIP=1 modules_install
# shellcheck disable=SC2016 # make expands it
make run-command KBUILD_RUN_COMMAND='$(srctree)/scripts/package/install-extmod-build ../headers'
cp vmlinux ../vmlinux
strip --strip-debug ../vmlinux
