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
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/mix.sh"

# What runs; each at most once at a time.
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
disturbances=(drop_caches compact merge move)
if [ "${RDMA_TOPO:-}" = veth ]; then
	patient+=(--lossy)
	disturbances+=(lose)
else
	programs+=("ops/ud_ops") # datagrams that are lost stay lost
fi

echo "seed $seed, $seconds s, ${#programs[@]} programs"
pids=() labels=()
for program in "${programs[@]}"; do
	label=${program%% *} label=${label##*/}
	labels+=("$label")
	# shellcheck disable=SC2086 # words
	run_again "$label" $program &
	pids+=($!)
done
disturb "${disturbances[@]}" &
pids+=($!)
wait "${pids[@]}"
failures "${labels[@]}" || exit 1
echo "passed: $(cat "$logs/disturbances") disturbances"
