#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# install.sh KERNEL-VERSION: runs in a clean Debian with the packages beside it; installs them as the tutorial
# says, and looks at what is there then. The packages of the kernel are not in that Debian: of what they
# bring, the headers and the modules are, and here comes what DKMS looks for.
set -euo pipefail

version=$1
export DEBIAN_FRONTEND=noninteractive
cp "/usr/src/linux-headers-$version/.config" "/boot/config-$version"

DOC_LIMIT=900 tests/packages/doc.sh docs/tutorial.md install

module=$(find "/usr/lib/modules/$version/updates/dkms" -name 'rodp.ko*')
[ -n "$module" ] || { echo "DKMS has put no rodp.ko under /usr/lib/modules/$version/updates/dkms" && exit 1; }
monitor=$(find "/usr/lib/modules/$version/updates/dkms" -name 'odp_monitor.ko*')
[ -n "$monitor" ] || { echo "DKMS has put no odp_monitor.ko beside it" && exit 1; }
grep -qx odp_monitor /usr/lib/modules-load.d/odp-monitor.conf || { echo "nobody loads odp_monitor" && exit 1; }
[ "$(modprobe -S "$version" --resolve-alias rdma-link-rodp)" = rodp ] || { echo "the alias rdma-link-rodp does not lead to rodp" && exit 1; }
packages="rodp-dkms ibverbs-provider-rodp libodp1 libodp-dev rodp-tools"
for package in $packages; do
	[ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$package")" = 'ii ' ] || { echo "$package is not installed" && exit 1; }
done
grep -q '^ /etc/libibverbs.d/rodp.driver ' < <(dpkg-query -W -f '${Conffiles}\n' ibverbs-provider-rodp) ||
	{ echo "/etc/libibverbs.d/rodp.driver is not a configuration file" && exit 1; }
# shellcheck disable=SC2086 # names
dpkg --verify $packages
echo "installed, with $module"
