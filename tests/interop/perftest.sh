#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# perftest TRANSPORT...: all of perftest's tools that have the transport (RC, XRC, UC, UD), between the two ends of the
# link, with pinned memory and with on-demand paging. perftest looks at no data: libibverbs' pingpong
# of the transport does, in the same way, before; but not that of XRC, whose data verbs/ops/xrc_ops looks at.
# A line a run; the last says how many there were.
set -euo pipefail

NAME=perftest
# shellcheck source=SCRIPTDIR/lib/consumer.sh
. "$(dirname "$0")/lib/consumer.sh"

PORT=18515 # the default of both perftest and the pingpongs
RUNS=0 FAILED=0

listens() {
	grep -q . < <(in_peer ss -Hltn "sport = :$PORT")
}

# pair GID-OPTION COMMAND...: both sides; true when both end well. What the client said is in $WORK/client.
pair() {
	local gid=$1 server status=0
	shift
	in_peer timeout 60 "$@" -d "$RDMA_PEER_DEV" "$gid" "$RDMA_PEER_GID_INDEX" >"$WORK/server" 2>&1 &
	server=$!
	wait_until 20 "a listening $1" listens
	timeout 60 "$@" -d "$RDMA_DEV" "$gid" "$RDMA_GID_INDEX" "$RDMA_PEER_ADDR" >"$WORK/client" 2>&1 || status=$?
	[ "$status" -eq 0 ] || kill "$server" 2>/dev/null || true
	wait "$server" || status=1
	return "$status"
}

failed() {
	FAILED=$((FAILED + 1))
	echo "FAILED: $*"
	sed 's/^/  client: /' "$WORK/client"
	sed 's/^/  server: /' "$WORK/server"
}

# verify TRANSPORT
verify() {
	case $1 in
	RC)
		pair -g ibv_rc_pingpong -c -n 200 -s 65536 || failed ibv_rc_pingpong
		pair -g ibv_rc_pingpong -c -n 200 -s 65536 -o || failed ibv_rc_pingpong -o
		;;
	UC) pair -g ibv_uc_pingpong -c -n 200 -s 65536 || failed ibv_uc_pingpong ;;
	UD) pair -g ibv_ud_pingpong -c -n 200 -s 1024 || failed ibv_ud_pingpong ;;
	XRC) # its -c is the number of clients
		pair -g ibv_xsrq_pingpong -n 200 -s 65536 || failed ibv_xsrq_pingpong
		pair -g ibv_xsrq_pingpong -n 200 -s 65536 -o || failed ibv_xsrq_pingpong -o
		;;
	esac
}

# tools TRANSPORT: TOOL and its options.
tools() {
	local bytes=65536 tool
	[ "$1" != UD ] || bytes=2048
	for tool in write read send; do
		case $1/$tool in UC/read | UD/write | UD/read) continue ;; esac
		echo "ib_${tool}_bw -s $bytes -n 300"
		echo "ib_${tool}_lat -s 64 -n 200"
	done
	case $1 in
	RC | XRC)
		for tool in bw lat; do
			echo "ib_atomic_$tool -A FETCH_AND_ADD -n 200"
			echo "ib_atomic_$tool -A CMP_AND_SWAP -n 200"
		done
		;;
	esac
}

# memories TRANSPORT
memories() {
	echo pinned
	[ "$1" = UC ] || echo odp
}

# measure TRANSPORT MEMORY TOOL OPTION...
measure() {
	local transport=$1 memory=$2 odp=()
	shift 2
	[ "$memory" = pinned ] || odp=(--odp)
	RUNS=$((RUNS + 1))
	if pair -x "$@" -c "$transport" -F "${odp[@]}"; then
		printf '%-4s %-7s %-42s %s\n' "$transport" "$memory" "$*" "$(grep -E '^ *[0-9]+ +[0-9]+ ' "$WORK/client" | tail -n 1 | tr -s ' ')"
	else
		failed "$transport $memory $*"
	fi
}

need_tools ib_write_bw ibv_rc_pingpong
for transport in "$@"; do
	verify "$transport"
	[ "$transport" != UC ] || echo "UC   odp     not run: perftest refuses it, whatever the device can"
	while read -r line <&9; do
		for memory in $(memories "$transport"); do
			# shellcheck disable=SC2086 # words
			measure "$transport" "$memory" $line
		done
	done 9< <(tools "$transport")
done
echo "$NAME: $RUNS runs, $FAILED failures; data of RC, UC and UD verified by ibv_*_pingpong -c"
[ "$FAILED" -eq 0 ]
