#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# with.sh COMMAND...: the command with odp_monitor.ko loaded, which is in use by nobody afterwards, and can be unloaded.
set -euo pipefail

module=$(dirname "$RODP_KO")/odp_monitor.ko
[ -e "$module" ] || { echo "with.sh: no $module: run this in the lab, which builds it" && exit 1; }
[ -e /sys/module/odp_monitor ] || insmod "$module"
status=0
"$@" || status=$?
for _ in {1..50}; do
	[ "$(cat /sys/module/odp_monitor/refcnt)" -ne 0 ] || break
	sleep 0.1
done
rmmod odp_monitor || { echo "with.sh: odp_monitor cannot be unloaded" && exit 1; }
exit "$status"
