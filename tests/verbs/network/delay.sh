#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# delay.sh MS COMMAND...: a test over a network that takes MS to the other host. The netdevs are veth, which has
# no queue of its own, so that the device must find out by itself that there is a way in between.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/bad_network.sh"

delay=$1
shift
worsen netem delay "${delay}ms" limit 10000
timeout 100 "$@" || fail "$1 says $?"
echo "passed"
