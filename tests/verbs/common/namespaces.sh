# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# namespaces: what the tests share that join network namespaces of their own by devices. Needs what
# under_traffic.sh has.

SYS=/proc/1/root/sys/class/infiniband # in a network namespace /sys shows less
PORT=18600 # of the next server
NETS=()

in_net() {
	local net=$1
	shift
	ip netns exec "$net" "$@"
}

make_net() {
	ip netns add "$1" || fail "no network namespace $1"
	ip -n "$1" link set lo up
	NETS+=("$1")
}

end_nets() {
	local net
	for net in "${NETS[@]}"; do
		[ ! -e "/run/netns/$net" ] || ip netns delete "$net"
	done
	NETS=()
}

# until_true SECONDS WHAT COMMAND...
until_true() {
	local limit=$1 what=$2
	shift 2
	for ((i = 0; i < limit * 10; i++)); do
		"$@" && return
		sleep 0.1
	done
	fail "after $limit s: $what"
}

# raw_gid ADDRESS: as /sys shows it; of an IPv4 address, or of WORD:...::WORD.
raw_gid() {
	local head tail n
	if [[ $1 != *:* ]]; then
		# shellcheck disable=SC2046,SC2183 # four words
		printf '0000:0000:0000:0000:0000:ffff:%02x%02x:%02x%02x\n' $(tr . ' ' <<<"$1")
		return
	fi
	head=${1%%::*} tail=${1##*::}
	n=$(($(tr ':' '\n' <<<"$head:$tail" | grep -c .)))
	{
		tr ':' '\n' <<<"$head" | grep .
		for ((; n < 8; n++)); do echo 0; done
		tr ':' '\n' <<<"$tail" | grep .
	} | while read -r word; do printf '%04x\n' "0x$word"; done | paste -sd:
}

# gid_of DEVICE ADDRESS: the index of its GID.
gid_of() {
	local file
	file=$(grep -lsx "$(raw_gid "$2")" "$SYS/$1"/ports/1/gids/* | sed -n 1p)
	[ -n "$file" ] && echo "${file##*/}"
}

has_gid() {
	gid_of "$1" "$2" >/dev/null
}

has_no_gid() {
	! has_gid "$1" "$2"
}

await_gid() {
	until_true 10 "$2 is no GID of $1" has_gid "$1" "$2"
}

# add_device NET DEVICE NETDEV
add_device() {
	in_net "$1" rdma link add "$2" type rodp netdev "$3" || fail "rdma link add $2 on $3 in $1"
	until_true 10 "the port of $2 is not active" grep -q ACTIVE "$SYS/$2/ports/1/state"
}

# start_server COMMAND...: in the background; SERVER is its pid.
start_server() {
	timeout 60 "$@" >"$LOGS/server" 2>&1 &
	SERVER=$!
}

listens() {
	grep -q . < <(in_net "$1" ss -tlnH "sport = :$PORT")
}

# pingpong KIND NET DEVICE ADDRESS NET DEVICE ADDRESS [MEET]: ibv_KIND_pingpong from the second to the first, by the GIDs of
# the addresses. They find each other by TCP, at the IPv4 address MEET [the first].
pingpong() {
	local kind=$1 check=() meet=${8:-$4}
	echo "== $kind: $5 $7 to $2 $4"
	[ "$kind" = ud ] || check=(-c)
	PORT=$((PORT + 1))
	await_gid "$3" "$4"
	await_gid "$6" "$7"
	start_server ip netns exec "$2" "ibv_${kind}_pingpong" -d "$3" -g "$(gid_of "$3" "$4")" -n 40 -s 1000 "${check[@]}" -p $PORT
	until_true 10 "ibv_${kind}_pingpong does not listen" listens "$2"
	in_net "$5" timeout 30 "ibv_${kind}_pingpong" -d "$6" -g "$(gid_of "$6" "$7")" -n 40 -s 1000 "${check[@]}" -p $PORT "$meet" >"$LOGS/client" 2>&1 ||
		fail "ibv_${kind}_pingpong from $7 to $4"
	wait "$SERVER" || fail "the server of ibv_${kind}_pingpong from $7 to $4"
}

cm_listens() {
	grep -q LISTEN < <(in_net "$1" rdma resource show cm_id 2>/dev/null)
}

# cm NET NET ADDRESS: rping from the second to the first.
cm() {
	echo "== rdma_cm: $2 to $1 $3"
	PORT=$((PORT + 1))
	start_server ip netns exec "$1" rping -s -a "$3" -p $PORT -C 5 -V
	until_true 10 "rping does not listen" cm_listens "$1"
	in_net "$2" timeout 30 rping -c -a "$3" -p $PORT -C 5 -V >"$LOGS/client" 2>&1 || fail "rping to $3"
	wait "$SERVER" || fail "the server of rping to $3"
}
