#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Everything at once: programs that verify their data, several at a time, while the network comes and
# goes, pages are reclaimed, compacted, merged and moved to swap, and threads are moved from CPU to CPU. (CPUs are not
# taken away: 7.3.4's scheduler warns of timers of its own then.)
# None may fail, hang or leak; the order of things is another in every run, and printed.
#
#   chaos.sh DIR [SECONDS] [SEED]    DIR: where the verbs programs are; for 60 s
set -u

dir=${1:?directory of the verbs programs}
seconds=${2:-60}
seed=${3:-$RANDOM}
RANDOM=$seed
logs=$(mktemp -d)
end=$(($(date +%s) + seconds))

fail() {
	echo "FAILED: $*"
	exit 1
}

# What runs, again and again; each at most once at a time. All have patience: what they wait for may have to
# wait for a CPU that has ten others to serve.
patient=(--wait-ms=120000 --timeout=18)
programs=(
	"ops/rc_random --rounds=100"
	"ops/rc_ops"
	"odp/race --seconds=4"
	"ops/xrc_ops"
	"memory/rereg"
	"odp/fork_snapshot --rounds=1"
	"odp/leaf_freed_in_fault"
	"odp/remap_same_va"
	"lifecycle/killed_in_fault"
	"ops/srq_ops"
)
if [ "${RDMA_TOPO:-}" = veth ]; then
	patient+=(--lossy)
else
	programs+=("ops/ud_ops") # datagrams that are lost stay lost
fi

in_time() { [ "$(date +%s)" -lt "$end" ]; }

# run_again PROGRAM OPTION...: until time is up; its runs and the first failure are in the log directory.
run_again() {
	local program=$1 name=${1##*/} runs=0 status
	shift
	while in_time; do
		status=0
		timeout 300 "$dir/$program" "$@" "${patient[@]}" --seed="$RANDOM" >"$logs/$name.out" 2>&1 || status=$?
		[ "$status" -eq 0 ] || [ "$status" -eq 77 ] || {
			echo "$name, run $runs, ended with $status: $(tail -n 100 "$logs/$name.out")" >"$logs/$name.failed"
			return
		}
		runs=$((runs + 1))
		echo "$runs" >"$logs/$name.runs"
	done
}

# Disturbances. Each is done in well under a second, and undone.

write() { [ ! -w "$2" ] || echo "$1" >"$2" 2>/dev/null || true; }

drop_caches() { write 3 /proc/sys/vm/drop_caches; }
compact() { write 1 /proc/sys/vm/compact_memory; }
merge() { write $((RANDOM % 2)) /sys/kernel/mm/ksm/run; }

# All threads of the driver's work queues and of the programs, to one CPU, and back.
move() {
	local pid cpu=$((RANDOM % $(nproc --all)))
	for pid in $(pgrep -f "$dir/|kworker/u"); do taskset -acp "$cpu" "$pid"; done
	sleep 0.3
	for pid in $(pgrep -f "$dir/|kworker/u"); do taskset -acp "0-$(($(nproc --all) - 1))" "$pid"; done
} >/dev/null 2>&1

lose() {
	tc qdisc replace dev "$RDMA_NETDEV" root netem loss 5% delay 300us reorder 2% 2>/dev/null || return 0
	sleep 0.3
	tc qdisc del dev "$RDMA_NETDEV" root
}

disturb() {
	local disturbances=(drop_caches compact merge move) count=0 which
	[ "${RDMA_TOPO:-}" != veth ] || disturbances+=(lose)
	while in_time; do
		which=${disturbances[RANDOM % ${#disturbances[@]}]}
		"$which"
		count=$((count + 1))
		echo "$count" >"$logs/disturbances"
		sleep 0.$((RANDOM % 9 + 1))
	done
}

echo "seed $seed, $seconds s, ${#programs[@]} programs"
pids=()
for program in "${programs[@]}"; do
	# shellcheck disable=SC2086 # words
	run_again $program &
	pids+=($!)
done
disturb &
pids+=($!)
wait "${pids[@]}"

for program in "${programs[@]}"; do
	name=${program%% *} name=${name##*/}
	[ ! -e "$logs/$name.failed" ] || fail "$(cat "$logs/$name.failed")"
	[ -s "$logs/$name.runs" ] || fail "$name did not end once"
	echo "$name: $(cat "$logs/$name.runs") runs"
done
echo "passed: $(cat "$logs/disturbances") disturbances"
