#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The queueing discipline below the device refuses packets. The device is told so, and
# makes them again; READ responses too, which nobody would miss before a timeout. So there are
# drops, and neither timeouts nor retransmissions.
#
#   qdisc_drops.sh COMMAND...    a test that fails if anything is sent twice
set -u
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/../common/bad_network.sh"

drops() {
	tc -s "$@" | sed -n 's/.*dropped \([0-9]*\).*/\1/p' | sed -n 1p
}

worsen tbf rate 200mbit burst 16kb limit 24kb # slower than the device, and room for five packets
timeout 100 "$@" || fail "$1 says $?"
sent=$(drops "${HERE[@]}") answered=$(drops "${THERE[@]}")
echo "packets refused: $sent of the requester, $answered of the responder"
{ [ "$sent" -gt 0 ] && [ "$answered" -gt 0 ]; } || fail "nothing was refused: this proves nothing"
echo "passed"
