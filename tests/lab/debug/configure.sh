#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# configure.sh WORK NAME: runs inside the tree that kernels are built in, and leaves WORK/linux/.config:
# Debian's configuration (WORK/config) with the options of the kernel NAME, and of the modules only those of
# WORK/lsmod. An option that did not survive, because what it depends on changed, is an error.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
work=$1
options=("$here/options" "$here/options-$2")
cd "$work/linux"
unset MAKEFLAGS

# wanted: the lines of the configuration that the options ask for; those that are not to be set may be absent.
wanted() {
	cat "${options[@]}" | grep -E '^CONFIG_[A-Z0-9_]+=([ym]|[0-9]+|"-.*")$'
}

unwanted() {
	cat "${options[@]}" | sed -nE 's/^# (CONFIG_[A-Z0-9_]+) is not set$/\1/p'
}

cp ../config .config
scripts/kconfig/merge_config.sh -m .config "${options[@]}"
make olddefconfig
yes '' 2>/dev/null | make LSMOD=../lsmod localmodconfig || make olddefconfig
while read -r option; do
	grep -qx -- "$option" .config || { echo "configure.sh: the configuration of $2 has no $option" >&2 && exit 1; }
done < <(wanted)
while read -r option; do
	! grep "^$option=" .config || { echo "configure.sh: the configuration of $2 has $option, which is not to be set" >&2 && exit 1; }
done < <(unwanted)
