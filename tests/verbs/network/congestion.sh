#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# congestion.sh COMMAND...: a test over a way of 40 Mb/s, for which packets queue. RED marks them when there are many.
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/bad_network.sh"

# narrow HOST...: HOST is "qdisc show dev NETDEV", for either host.
narrow() {
	tc "${@/show/add}" parent 1: handle 2: red limit 1000000 min 20000 max 240000 avpkt 4200 burst 12 bandwidth 40mbit probability 0.3 ecn
}

worsen handle 1: tbf rate 40mbit burst 16kb limit 1mb
narrow "${HERE[@]}" || skip "no red in this kernel"
narrow "${THERE[@]}" || fail "no red at the peer"
timeout 100 "$@" || { tc -s "${HERE[@]}" && fail "$1 says $?"; }
echo "passed"
