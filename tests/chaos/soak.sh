#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Soak: everything mixed, for as long as one likes (`lab soak MINUTES`): messages of all transports that are verified,
# over the wire and on the local path, with faults and invalidations; processes that are killed in the middle; a link
# that goes down and comes up; registrations that come and go; reclaim to swap. Says every few seconds how far it is. In the
# end no program has failed, no object is left, and the kernel's log is clean.
#
#   soak.sh [--down] MINUTES DIR [SEED]   DIR: of the tests' programs; --down: take the link away in the end, and the module
#
# Needs the topology of two hosts. A second link between them, of devices rodp8 and rodp9, is the one that flaps.
set -u

down=no
[ "${1:-}" != --down ] || { down=yes && shift; }
minutes=${1:?minutes}
tests=${2:?directory of the tests that were built}
seed=${3:-$RANDOM}
dir=$tests/verbs
seconds=$((minutes * 60))
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/mix.sh"
patient+=(--lossy)

CGROUPS=/proc/1/root/sys/fs/cgroup # in a network namespace, /sys hides them
GROUP=$CGROUPS/soak
HOME_GROUP=$CGROUPS$(sed -n 's/^0:://p' /proc/self/cgroup)
COUNTERS=/proc/1/root/sys/class/infiniband
SECOND=(--dev=rodp8 --peer-dev=rodp9 --address=10.79.0.1 --peer-address=10.79.0.2)

skip() {
	echo "skipped: $*"
	exit 77
}

die() {
	echo "FAILED: $*"
	exit 1
}

# in_first COMMAND...: in the namespaces of process 1, where the lab's scripts work.
in_first() {
	nsenter -t 1 -m -n "$@"
}

# checks WORD...: functions of the lab's guest side (guest/scan.sh, guest/link.sh) on these words.
checks() {
	in_first bash -c '. /run/lab/link.sh; . /run/lab/scan.sh; "$@"' checks "$@"
}

# What is set up for it, and taken away again.

make_second_link() {
	ip link add vethE type veth peer name vethF netns "$RDMA_PEER_NETNS" || die "no second link"
	checks add_addresses hostA vethE 79 1 || die "no addresses for vethE"
	checks add_addresses hostB vethF 79 2 || die "no addresses for vethF"
	checks add_device hostA rodp8 rodp vethE || die "no device rodp8"
	checks add_device hostB rodp9 rodp vethF || die "no device rodp9"
}

make_group() {
	echo +memory >"$CGROUPS/cgroup.subtree_control" || skip "no memory controller"
	mkdir -p "$GROUP"
	echo "$BASHPID" >"$GROUP/cgroup.procs"
	mkswap -q "${LAB_SCRATCH:?}" || die "no swap on $LAB_SCRATCH"
	swapon "$LAB_SCRATCH" || die "$LAB_SCRATCH cannot be swapped to"
}

# shellcheck disable=SC2317 # called by the trap
undo() {
	echo "$$" >"$HOME_GROUP/cgroup.procs"
	echo 1 >"$GROUP/cgroup.kill"
	ip link del vethE 2>/dev/null
	swapoff "$LAB_SCRATCH" 2>/dev/null
	for _ in {1..50}; do
		rmdir "$GROUP" 2>/dev/null && break
		sleep 0.1
	done
	for _ in {1..50}; do
		[ -e "$COUNTERS/rodp8" ] || [ -e "$COUNTERS/rodp9" ] || break
		sleep 0.1
	done
}

# More disturbances than chaos has.

# Pages of the programs to swap.
reclaim() { write 32M "$GROUP/memory.reclaim"; }

# Programs that are killed in the middle, with all their processes.
kill_again() {
	local victims=("ops/rc_random --rounds=5000" "odp/race --seconds=60" "memory/rereg" "lifecycle/traffic --seconds=60 --memory=odp") pid
	while in_time; do
		# shellcheck disable=SC2086 # words
		setsid "$dir/"${victims[RANDOM % ${#victims[@]}]} "${patient[@]}" --seed="$RANDOM" >/dev/null 2>&1 &
		pid=$!
		sleep "$((RANDOM % 2)).$((RANDOM % 9 + 1))"
		kill -KILL -- "-$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
		count kills
	done
}

# flap_while PID: the second link goes down and comes up as long as the process lives.
flap_while() {
	while kill -0 "$1" 2>/dev/null; do
		sleep 0.7
		ip link set vethE down
		sleep 0.2
		ip link set vethE up
		count flaps
	done
	checks wait_for_port rodp8
	checks wait_for_port rodp9
}

# Verified messages over the link that flaps, one transport after the other.
flap_again() {
	local columns=(rc-write rc-send rc-read rc-fetch-add xrc-send uc-write uc-send ud-send) ready=$logs/ready pid column memory n=0
	while in_time; do
		column=${columns[n % ${#columns[@]}]} memory=odp
		[ $((n / ${#columns[@]} % 2)) -eq 0 ] || memory=pinned
		n=$((n + 1))
		rm -f "$ready"
		run_once flap env -u RDMA_GID_INDEX -u RDMA_PEER_GID_INDEX "$tests/loss/loss" "$column" --ready="$ready" "${SECOND[@]}" \
			--memory="$memory" --seconds=3 "${patient[@]}" --seed="$RANDOM" &
		pid=$!
		until [ -e "$ready" ] || ! kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
		flap_while "$pid"
		wait "$pid" || return
	done
}

# lossy_again: the transports that lose what the network loses, over the first link.
lossy_again() {
	local column
	while in_time; do
		for column in uc-write uc-send ud-send xrc-write rc-cmp-swap; do
			run_once unreliable "$tests/loss/loss" "$column" --memory=odp --seconds=2 "${patient[@]}" --seed="$RANDOM" || return
		done
	done
}

# What it says.

# counter NAME...: of all devices, added up.
counter() {
	local name
	for name; do cat "$COUNTERS"/rodp*/ports/1/hw_counters/"$name" 2>/dev/null; done | awk '{ sum += $1 } END { print sum + 0 }'
}

# counted PATTERN: the sum of what is counted in such files.
counted() {
	local file sum=0
	for file in "$logs"/$1; do [ ! -s "$file" ] || sum=$((sum + $(cat "$file"))); done
	echo "$sum"
}

tell() {
	local failed
	failed=$(find "$logs" -name '*.failed' | wc -l)
	echo "$(($(date +%s) - started))/$seconds s: $(counted '*.runs') rounds, $(counter rcvd_pkts) packets, $(counter retransmits) again," \
		"$(counter odp_faults) faults, $(counter odp_pages_invalidated) invalidated, $(counted kills) kills, $(counted flaps) flaps," \
		"$(counted disturbances) disturbances, $failed errors"
}

tell_again() {
	while in_time; do
		sleep 5
		tell
	done
}

# Programs, by label. On the wire, and (local) one device with itself, without a network.
wire=("rc_random ops/rc_random --rounds=100" "rc_ops ops/rc_ops" "race odp/race --seconds=4" "xrc_ops ops/xrc_ops" "rereg memory/rereg"
	"fork odp/fork_snapshot --rounds=1" "leaf odp/leaf_freed_in_fault" "killed lifecycle/killed_in_fault")
inside=("local-rc ops/rc_random --rounds=100" "local-ud ops/ud_ops" "local-mw ops/mw_ops" "local-dereg lifecycle/dereg_race" "local-window memory/window_race")

run_all() {
	local line label pids=()
	for line in "${wire[@]}"; do
		# shellcheck disable=SC2086 # words
		run_again $line &
		pids+=($!)
	done
	for line in "${inside[@]}"; do
		# shellcheck disable=SC2086 # words
		RDMA_PEER_GID_INDEX=$RDMA_GID_INDEX run_again $line --dev="$RDMA_DEV" &
		pids+=($!)
	done
	for label in flap_again lossy_again kill_again tell_again "disturb drop_caches compact merge move lose reclaim"; do
		$label &
		pids+=($!)
	done
	wait "${pids[@]}"
}

# nothing_left OBJECTS: of objects, of complaints, and with --down of the device and the module.
nothing_left() {
	local text
	text=$(checks objects_left "$1")
	[ -z "$text" ] || { echo "FAILED: objects left: $text" && return 1; }
	text=$(checks leaks_left)
	[ -z "$text" ] || { echo "FAILED: memory lost: $text" && return 1; }
	if [ "$down" = yes ]; then
		checks link_down || { echo "FAILED: the link does not go down" && return 1; }
		text=$(in_first rdma resource show)$(checks slabs_left)
		[ -z "$text" ] || { echo "FAILED: left after the module: $text" && return 1; }
	fi
	text=$(checks kernel_trouble soak)
	[ -z "$text" ] || { echo "FAILED: kernel log: $text" && return 1; }
}

[[ ${RDMA_TOPO:-} == veth && ${RDMA_DEV:-} == rodp* ]] || skip "needs rodp on two hosts"
checks scan_begin soak
objects=$(checks rdma_objects)
trap undo EXIT
make_group
make_second_link
started=$(date +%s)
echo "seed $seed, $minutes min, $((${#wire[@]} + ${#inside[@]} + 2)) programs"
run_all
tell
status=0
labels=(flap unreliable)
for line in "${wire[@]}" "${inside[@]}"; do labels+=("${line%% *}"); done
failures "${labels[@]}" || status=1
trap - EXIT
undo
nothing_left "$objects" || status=1
[ "$status" -eq 0 ] || exit 1
echo "passed: nothing failed, nothing is left, the kernel's log is clean"
