#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# action.sh: the last step of action.yml. RODP_* are its inputs; the working directory is the caller's workspace, which the guest
# shares. On a machine whose user may not open /dev/kvm, but may become root, it is opened to him.
set -euo pipefail

lab=$(dirname "$(readlink -f "$0")")/../tests/lab/lab

if [ -e /dev/kvm ] && [ ! -w /dev/kvm ] && [ "$(id -u)" -ne 0 ]; then
	sudo -n chmod 666 /dev/kvm || echo "rodp: /dev/kvm cannot be opened; QEMU emulates" >&2
fi
read -r -a options <<<"${RODP_OPTIONS:-}"
[ -n "${LAB_MIRROR:-}" ] || unset LAB_MIRROR
exec "$lab" run --kernel "${RODP_KERNEL:-7}" --link "${RODP_LINK:-rodp}" --topo "${RODP_TOPO:-one}" --share "$PWD" \
	--artifacts "${RODP_ARTIFACTS:-rodp-artifacts}" "${options[@]}" -- bash -ec "${RODP_RUN:?the input run is empty}"
