#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# build.sh WORK: runs inside the tree that kernels are built in. WORK/linux is the source, WORK/config
# Debian's configuration, WORK/lsmod lists the modules to keep of it. Leaves WORK/version, WORK/vmlinux,
# WORK/root (the modules, installed) and WORK/headers (what modules are built with).
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
work=$1
cd "$work/linux"
unset MAKEFLAGS
export KBUILD_BUILD_USER=lab KBUILD_BUILD_HOST=lab

cp ../config .config
scripts/kconfig/merge_config.sh -m .config "$here/options"
make olddefconfig
yes '' 2>/dev/null | make LSMOD=../lsmod localmodconfig || make olddefconfig
while read -r option; do
	grep -qx "$option" .config || { echo "build.sh: the configuration has no $option" >&2 && exit 1; }
done < <(grep '=y$' "$here/options")
make -j"$(nproc)" vmlinux modules
make -s kernelrelease >../version
make INSTALL_MOD_PATH=../root/usr INSTALL_MOD_STRIP=1 modules_install
# shellcheck disable=SC2016 # make expands it
make run-command KBUILD_RUN_COMMAND='$(srctree)/scripts/package/install-extmod-build ../headers'
cp vmlinux ../vmlinux
strip --strip-debug ../vmlinux
