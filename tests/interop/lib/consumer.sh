# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# consumer: what the consumers' scripts share. A script names itself in NAME and then sources
# this. What it begins it leaves to `undo`, which the end of the script calls in reverse order, so that
# nothing of a consumer outlives its test, however it ends. With LOCAL_PATH=0 in the environment rodp
# sends everything through the network.

WORK=$(mktemp -d)
UNDO=()
[ -z "${LOCAL_PATH:-}" ] || echo "$LOCAL_PATH" >/sys/module/rodp/parameters/local_path

# undo COMMAND...: to be run at the end; its failure says nothing.
undo() {
	UNDO+=("$(printf '%q ' "$@")")
}

# undo_to N: does so now, but for the first N, as ${#UNDO[@]} was then.
undo_to() {
	local i
	for ((i = ${#UNDO[@]} - 1; i >= $1; i--)); do
		(eval "${UNDO[i]}") >>"$WORK/undo" 2>&1 || true
	done
	UNDO=("${UNDO[@]:0:$1}")
}

at_end() {
	local status=$?
	set +e
	undo_to 0
	[ "$status" -eq 0 ] || sed 's/^/undo: /' "$WORK/undo" 2>/dev/null
	rm -rf "$WORK"
	exit "$status"
}
trap at_end EXIT

die() {
	echo "$NAME: $*"
	exit 1
}

skip() {
	echo "$NAME: $*"
	exit 77
}

# need_tools TOOL...
need_tools() {
	local tool
	for tool in "$@"; do
		command -v "$tool" >/dev/null || skip "this system has no $tool: run this in a guest with --tree consumers"
	done
}

# need_modules MODULE...: they stay loaded.
need_modules() {
	local module
	for module in "$@"; do
		modprobe -n "${module%%[: ]*}" 2>/dev/null || skip "this kernel has no module ${module%%[: ]*}"
		# shellcheck disable=SC2086 # a module and its parameters
		modprobe $module || die "modprobe $module failed; the kernel log says why"
	done
}

# wait_until SECONDS WHAT COMMAND...: until COMMAND is true; dies when it is not in time.
wait_until() {
	local seconds=$1 what=$2 tries
	shift 2
	for ((tries = seconds * 10; tries > 0; tries--)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.1
	done
	die "$what: not within $seconds s"
}

# step COMMAND...: prints it, then runs it with a limit of its own.
step() {
	echo "+ $*"
	timeout --kill-after=5 "${STEP_LIMIT:-120}" "$@" || die "status $? of: $*"
}

# in_peer COMMAND...: where the other end of the link is.
in_peer() {
	ip netns exec "$RDMA_PEER_NETNS" "$@"
}

# The peer's netdev, by its address.
peer_netdev() {
	in_peer ip -o addr show to "$RDMA_PEER_ADDR" | awk '{ print $2; exit }'
}

# make_files DIR: files of many sizes, around those of pages, segments and requests; in all 12 MiB.
# Their sums are in $WORK/sums.
make_files() {
	local size
	mkdir -p "$1"
	for size in 0 1 511 4095 4096 4097 65535 65536 65537 1000003 3145728 8388609; do
		head -c "$size" /dev/urandom >"$1/file-$size"
	done
	(cd "$1" && sha256sum file-*) >"$WORK/sums"
}

# check_files DIR: that the files there are those that make_files() made.
check_files() {
	(cd "$1" && sha256sum --quiet -c "$WORK/sums") || die "the files in $1 are not what was written"
	echo "$NAME: $(wc -l <"$WORK/sums") files in $1 are what was written"
}

drop_caches() {
	sync
	echo 3 >/proc/sys/vm/drop_caches
}

# counter DEVICE NAME: one of its port's counters; 0 when it has none of that name. By netlink: in a network
# namespace sysfs does not have them.
counter() {
	rdma statistic show link "$1/1" 2>/dev/null | tr ' ' '\n' | awk -v name="$2" 'last == name { value = $1 } { last = $1 } END { print value + 0 }'
}

# traffic: packets that the devices of the link sent: whether a consumer used them at all.
traffic() {
	local sum
	sum=$(counter "$RDMA_DEV" sent_pkts)
	[ "$RDMA_DEV" = "$RDMA_PEER_DEV" ] || sum=$((sum + $(counter "$RDMA_PEER_DEV" sent_pkts)))
	echo "$sum"
}

# check_odp BEFORE: that on-demand faults were more than that, where the device counts them (rxe does not).
check_odp() {
	local now
	now=$(counter "$RDMA_DEV" odp_faults)
	case $RDMA_LINK in rodp*) ;; *) return 0 ;; esac
	echo "$NAME: $((now - $1)) on-demand faults on $RDMA_DEV"
	[ "$now" -gt "$1" ] || die "no on-demand fault: the memory was registered pinned"
}
