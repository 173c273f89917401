#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# ucx TRANSPORT [odp]: UCX between the two ends of the link, over rc_v or ud_v alone. ucx_perftest goes through UCP's
# operations, which looks at no data; ucx_verify.c looks at every byte. With `odp` UCX registers without
# blocking, which is how it asks for on-demand paging; on rodp the device's counters show that it did.
set -euo pipefail

NAME=ucx
# shellcheck source=SCRIPTDIR/lib/consumer.sh
. "$(dirname "$0")/lib/consumer.sh"

TRANSPORT=$1
ODP=${2:-}
PORT=13337

# ucx_env DEVICE GID-INDEX: UCX's settings for that side. UCX before 1.19 drops every datagram of RoCE v2 over IPv4
# from what is not a Mellanox device, unless it is told not to look where they were sent to.
ucx_env() {
	echo UCX_TLS="$TRANSPORT" UCX_NET_DEVICES="$1:1" UCX_IB_GID_INDEX="$2" UCX_UD_VERBS_ETH_DGID_CHECK=n UCX_WARN_UNUSED_ENV_VARS=n
	# On a slow port, as a veth says it is, UCX copies whatever it sends.
	[ -z "$ODP" ] || echo UCX_ZCOPY_THRESH=8192 UCX_REG_NONBLOCK_MEM_TYPES=host UCX_IB_ODP_MEM_TYPES=host
}

# pair SERVER-COMMAND -- CLIENT-COMMAND
pair() {
	local command=() server
	while [ "$1" != -- ]; do
		command+=("$1")
		shift
	done
	shift
	# shellcheck disable=SC2046 # words
	in_peer env $(ucx_env "$RDMA_PEER_DEV" "$RDMA_PEER_GID_INDEX") timeout --kill-after=5 120 "${command[@]}" >"$WORK/server" 2>&1 &
	server=$!
	# shellcheck disable=SC2046
	if ! env $(ucx_env "$RDMA_DEV" "$RDMA_GID_INDEX") timeout --kill-after=5 120 "$@" >"$WORK/client" 2>&1; then
		sed 's/^/client: /' "$WORK/client"
		kill "$server" 2>/dev/null || true
		wait "$server" || true
		sed 's/^/server: /' "$WORK/server"
		die "failed: $*"
	fi
	wait "$server" || { sed 's/^/server: /' "$WORK/server" && die "the server failed: $*"; }
}

listens() {
	grep -q . < <(in_peer ss -Hltn "sport = :$PORT")
}

# What ucx_perftest goes through: name, then its options.
batch() {
	cat <<-EOT
		tag_lat_8 -t tag_lat -s 8 -n 300 -w 10
		tag_bw_64k -t tag_bw -s 65536 -n 100 -w 10
		tag_bw_1m -t tag_bw -s 1048576 -n 10 -w 2
		am_bw_4k -t ucp_am_bw -s 4096 -n 200 -w 10
		stream_bw_4k -t stream_bw -s 4096 -n 200 -w 10
		put_bw_64k -t ucp_put_bw -s 65536 -n 100 -w 10
		get_64k -t ucp_get -s 65536 -n 100 -w 10
		fadd_8 -t ucp_fadd -s 8 -n 200 -w 10
	EOT
}

# perftest NAME OPTION...: one line of it. Debian's ucx_perftest takes itself for a rank of MPI where its input is no terminal.
perftest() {
	local name=$1 server
	shift
	echo "+ ucx_perftest $* ${ODP:+-B}"
	# shellcheck disable=SC2046
	in_peer env $(ucx_env "$RDMA_PEER_DEV" "$RDMA_PEER_GID_INDEX") timeout --kill-after=5 120 ucx_perftest -p "$PORT" </dev/ptmx >"$WORK/server" 2>&1 &
	server=$!
	wait_until 20 "a listening ucx_perftest" listens
	# shellcheck disable=SC2046
	env $(ucx_env "$RDMA_DEV" "$RDMA_GID_INDEX") timeout --kill-after=5 120 ucx_perftest -f -p "$PORT" "$RDMA_PEER_ADDR" "$@" ${ODP:+-B} \
		</dev/ptmx >"$WORK/client" 2>&1 || { sed 's/^/client: /' "$WORK/client" "$WORK/server"; kill "$server"; die "ucx_perftest failed: $*"; }
	wait "$server" || true
	grep -E '[0-9]+\.[0-9]+ .*[0-9]+\.[0-9]+' "$WORK/client" | tail -n 1 | sed "s/^/$name: /" ||
		{ sed 's/^/client: /' "$WORK/client"; die "ucx_perftest told no figures: $*"; }
}

need_tools ucx_perftest gcc
faults=$(counter "$RDMA_DEV" odp_faults)
before=$(traffic)
gcc -O2 -Wall -o "$WORK/ucx_verify" "$(dirname "$0")/ucx_verify.c" -lucp -lucs || die "ucx_verify.c does not compile here"
pair "$WORK/ucx_verify" 13338 -- "$WORK/ucx_verify" 13338 "$RDMA_PEER_ADDR"
cat "$WORK/client"
while read -r name options <&9; do
	# shellcheck disable=SC2086 # words
	perftest "$name" $options
done 9< <(batch)
sleep 0.1 # the counters' files may be 10 ms old
echo "$NAME: the devices sent $(($(traffic) - before)) packets"
[ "$(traffic)" -gt "$before" ] || die "the devices sent nothing: UCX took another way"
[ -z "$ODP" ] || check_odp "$faults"
echo "$NAME: data verified"
