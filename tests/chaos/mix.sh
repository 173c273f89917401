# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# mix: what chaos.sh and soak.sh have in common: programs that run again and again until the time is up, and what
# disturbs them meanwhile. Who includes it sets `dir` (of the verbs programs), `seconds` and `seed`, and then uses
#   run_again LABEL PROGRAM [OPTION...]   in the background, once for each label
#   disturb DISTURBANCE...                in the background
#   failures                              once all have ended
# What happens is counted in files of the directory `logs`.

dir=${dir:?}
RANDOM=${seed:?}
logs=$(mktemp -d)
end=$(($(date +%s) + ${seconds:?}))

in_time() { [ "$(date +%s)" -lt "$end" ]; }

# All have patience: what they wait for may have to wait for a CPU that has ten others to serve.
patient=(--wait-ms=120000 --timeout=18)
RUN_LIMIT=300 # seconds
case ${LAB_KERNEL:-} in
debug | kcsan) RUN_LIMIT=1200 ;;
esac

# count NAME: adds one to what is counted under that name, by one process alone.
count() {
	echo $(($(cat "$logs/$1" 2>/dev/null || echo 0) + 1)) >"$logs/$1"
}

# run_once LABEL COMMAND...: false, and a file LABEL.failed, if it fails.
run_once() {
	local label=$1 status=0
	shift
	timeout "$RUN_LIMIT" "$@" >"$logs/$label.out" 2>&1 || status=$?
	case $status in
	0 | 77) count "$label.runs" && return ;;
	esac
	echo "$label, after $(cat "$logs/$label.runs" 2>/dev/null || echo 0) runs, ended with $status: $(tail -n 100 "$logs/$label.out")" \
		>"$logs/$label.failed"
	return 1
}

# run_again LABEL PROGRAM [OPTION...]: until the time is up, or it fails.
run_again() {
	local label=$1 program=$2
	shift 2
	while in_time; do
		run_once "$label" "$dir/$program" "$@" "${patient[@]}" --seed="$RANDOM" || return
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
	while in_time; do
		"${@:RANDOM % $# + 1:1}"
		count disturbances
		sleep 0.$((RANDOM % 9 + 1))
	done
}

# failures: says what failed; false if something did, or did not end once.
failures() {
	local label failed=0
	for label in "$@"; do
		if [ -e "$logs/$label.failed" ]; then
			echo "FAILED: $(cat "$logs/$label.failed")"
			failed=1
		elif [ ! -s "$logs/$label.runs" ]; then
			echo "FAILED: $label did not end once"
			failed=1
		else
			echo "$label: $(cat "$logs/$label.runs") runs"
		fi
	done
	return "$failed"
}
