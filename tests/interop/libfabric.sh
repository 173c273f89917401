#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# libfabric ENDPOINT [odp]: fi_pingpong between the two ends of the link over libfabric's verbs provider, every size,
# and every byte looked at (-c). ENDPOINT: msg (RC over rdma_cm), rdm (the same under ofi_rxm), dgram (UD).
# With `odp` the provider registers on-demand (FI_VERBS_USE_ODP).
set -euo pipefail

NAME=libfabric
# shellcheck source=SCRIPTDIR/lib/consumer.sh
. "$(dirname "$0")/lib/consumer.sh"

ENDPOINT=$1
ODP=${2:-}
PORT=47592
ROUNDS=5 # of each size, in all 200 MiB; each byte is written and looked at by itself, which takes an emulated CPU long

# settings DEVICE NETDEV
settings() {
	echo FI_VERBS_DEVICE_NAME="$1" FI_VERBS_IFACE="$2" FI_LOG_LEVEL=warn
	[ -z "$ODP" ] || echo FI_VERBS_USE_ODP=1
}

listens() {
	grep -q . < <(in_peer ss -Hltn "sport = :$PORT")
}

own=() peer=()
case $ENDPOINT in
msg | rdm)
	provider=verbs domain=''
	[ "$ENDPOINT" = msg ] || provider='verbs;ofi_rxm'
	own=(-s "$RDMA_ADDR") peer=(-s "$RDMA_PEER_ADDR")
	;;
dgram) provider=verbs domain=-dgram ;;
*) die "no endpoint type '$ENDPOINT': msg, rdm or dgram" ;;
esac
need_tools fi_pingpong stdbuf
before=$(traffic)
faults=$(counter "$RDMA_DEV" odp_faults)
# By lines, so that one that comes to no end says how far it came.
command=(timeout --kill-after=5 120 stdbuf -oL fi_pingpong -p "$provider" -e "$ENDPOINT" -c -S all -I "$ROUNDS")
# shellcheck disable=SC2046 # words
in_peer env $(settings "$RDMA_PEER_DEV" "$(peer_netdev)") "${command[@]}" -d "$RDMA_PEER_DEV$domain" "${peer[@]}" >"$WORK/server" 2>&1 &
server=$!
wait_until 30 "a listening fi_pingpong" listens
echo "+ ${ODP:+FI_VERBS_USE_ODP=1 }${command[*]} $RDMA_PEER_ADDR"
# shellcheck disable=SC2046
env $(settings "$RDMA_DEV" "$RDMA_NETDEV") "${command[@]}" -d "$RDMA_DEV$domain" "${own[@]}" "$RDMA_PEER_ADDR" >"$WORK/client" 2>&1 || {
	sed 's/^/client: /' "$WORK/client"
	sed 's/^/server: /' "$WORK/server"
	die "fi_pingpong failed"
}
wait "$server" || { sed 's/^/server: /' "$WORK/server" && die "the server failed"; }
cat "$WORK/client"
grep -qE '^(1k|4k|1m)' "$WORK/client" || die "fi_pingpong did not come to its large messages"
sleep 0.1 # the counters' files may be 10 ms old
echo "$NAME: the devices sent $(($(traffic) - before)) packets"
[ "$(traffic)" -gt "$before" ] || die "the devices sent nothing: libfabric took another way"
[ -z "$ODP" ] || check_odp "$faults"
echo "$NAME: data verified"
