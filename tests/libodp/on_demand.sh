#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# on_demand.sh [perftest]: programs that know nothing of on-demand paging, with memory that nobody pinned: by
# RODP_ON_DEMAND, by /etc/rodp/on_demand.conf, and under odprun, also one that finds libibverbs by dlopen(3). What the
# kernel counts as pinned, and what messages brought, is looked at; with `perftest` its programs run as well, pinned and
# on demand in turn, and the table of both is printed.
#
# On rxe, which loses data in on-demand regions, nothing is sent.
set -euo pipefail

odprun=$LAB_BUILD/bin/odprun
dlopened=$LAB_BUILD/tests/libodp/odprun/odprun_dlopened
config=/etc/rodp/on_demand.conf
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	cat "$work"/* 2>/dev/null || true
	echo "on_demand: $*"
	exit 1
}

# expect WORDS COMMAND...: the command prints just these words.
expect() {
	local words=$1 is
	shift
	is=$("$@" 2>"$work/err") || fail "failed: $*"
	[ "$is" = "$words" ] || fail "'$is', not '$words': $*"
	echo "ok: $words: $*"
}

# reports N REASON: the last line of the provider's report has so many registrations of that kind.
reports() {
	grep -q "[:,] $2 $1 (" < <(tail -n 1 "$work/report") || fail "the report has not '$2 $1'"
}

counter() {
	cat "/sys/class/infiniband/$RDMA_DEV/ports/1/hw_counters/$1"
}

# shellcheck source=/dev/null # of the lab, checked there
. "$(dirname "$0")/../lab/guest/listener.sh"

# pair NAME PREFIX... -- PROGRAM OPTION...: its two ends on this device, each behind PREFIX, where @ is .server or
# nothing; the data are compared by the program, or the caller.
pair() {
	local name=$1 prefix=() server
	shift
	while [ "$1" != -- ]; do
		prefix+=("$1")
		shift
	done
	shift
	"${prefix[@]/@/.server}" timeout 120 "$@" >"$work/$name.server" 2>&1 &
	server=$!
	wait_for_listener 18515 "$server" || fail "$name: the server does not listen"
	"${prefix[@]/@/}" timeout 120 "$@" "$RDMA_ADDR" >"$work/$name.client" 2>&1 || fail "$name: the client failed"
	wait "$server" || fail "$name: the server failed"
}

check_provider() {
	local faults
	expect "pinned 4096 KiB" "$dlopened" "$RDMA_DEV"
	export RODP_ON_DEMAND_REPORT=$work/report
	expect "pinned 0 KiB" env RODP_ON_DEMAND=1 "$dlopened" "$RDMA_DEV"
	reports 1 'on demand'
	reports 1 'not mapped'
	mkdir -p "${config%/*}"
	echo 'on_demand = yes' >"$config"
	expect "pinned 0 KiB" "$dlopened" "$RDMA_DEV"
	expect "pinned 4096 KiB" env RODP_ON_DEMAND=0 "$dlopened" "$RDMA_DEV"
	echo 'on_demand = another-program' >"$config"
	expect "pinned 4096 KiB" "$dlopened" "$RDMA_DEV"
	rm "$config"
	faults=$(counter odp_faults)
	pair pingpong env RODP_ON_DEMAND=1 -- ibv_rc_pingpong -d "$RDMA_DEV" -g "$RDMA_GID_INDEX" -c -s 65536 -n 50
	[ "$(grep -c 'on demand 1 (' "$work/report")" -ge 4 ] || fail "an end of the pingpong is not in the report"
	sleep 0.1 # the counters' files may be 10 ms old
	[ "$(counter odp_faults)" -gt "$faults" ] || fail "the pingpong made no faults"
	unset RODP_ON_DEMAND_REPORT
}

# has FILE EXPRESSION: of python, over the report x; n(FATE) are the registrations of a kind.
has() {
	python3 - "$@" <<-'EOT' || fail "not true of the report: $2"
		import json, sys
		x = json.load(open(sys.argv[1]))
		n = lambda fate: [r["regions"] for r in x["registrations"] if r["fate"] == fate][0]
		sys.exit(not eval(sys.argv[2]))
	EOT
}

check_odprun() {
	expect "pinned 0 KiB" "$odprun" --json --report="$work/json" "$dlopened" "$RDMA_DEV"
	has "$work/json" 'n("turned") == 1 and n("failed") == 1 and x["pinned_most"] == 0 and x["would_be_pinned_most"] == 4 << 20'
	expect "pinned 0 KiB" "$odprun" --transports rc,ud "$dlopened" "$RDMA_DEV"
	case $RDMA_DEV in rxe*) return ;; esac
	pair odprun "$odprun" --json --report="$work/json@" -- ibv_rc_pingpong -d "$RDMA_DEV" -g "$RDMA_GID_INDEX" -c -s 65536 -n 50
	has "$work/json" 'n("turned") == 1 and x["pinned_most"] == 0 and x["status"] == 0'
	has "$work/json.server" 'n("turned") == 1 and x["pinned_most"] == 0 and x["status"] == 0'
	# Both switches at once: the provider had turned it before odprun saw it, or the other way round.
	pair both env RODP_ON_DEMAND=1 "$odprun" --json --report="$work/json@" -- ibv_rc_pingpong -d "$RDMA_DEV" -g "$RDMA_GID_INDEX" -c -n 20
	has "$work/json" 'n("asked for by the program") == 1 and x["pinned_most"] == 0'
}

# MiB a second of one run of a perftest program, by its last line.
rate_of() {
	awk 'NF == 5 && $1 ~ /^[0-9]+$/ { rate = $4 } END { print rate }' "$work/$1.client"
}

check_perftest() {
	local program mode options=(-d "$RDMA_DEV" -x "$RDMA_GID_INDEX" -p 18515 -F -s 65536 -n 1000)
	for program in ib_write_bw ib_read_bw ib_send_bw; do
		for _ in 1 2 3; do
			for mode in pinned provider odprun; do
				case $mode in
				pinned) pair "$program-$mode" env -- "$program" "${options[@]}" ;;
				provider) pair "$program-$mode" env RODP_ON_DEMAND=1 -- "$program" "${options[@]}" ;;
				odprun) pair "$program-$mode" "$odprun" --json --report="$work/json@" -- "$program" "${options[@]}" &&
					has "$work/json" 'n("turned") >= 1 and x["pinned_most"] == 0' ;;
				esac
				echo "$program $mode $(rate_of "$program-$mode")" >>"$work/rates"
			done
		done
	done
	awk '{ sum[$1, $2] += $3; if (!($1 in seen)) { seen[$1]; order[++n] = $1 } }
		END {
			printf "%-12s %8s %15s %8s\n", "MiB/s", "pinned", "RODP_ON_DEMAND", "odprun"
			for (i = 1; i <= n; i++) {
				p = order[i]
				printf "%-12s %8.1f %8.1f (%.2f) %8.1f (%.2f)\n", p, sum[p, "pinned"] / 3, sum[p, "provider"] / 3,
					sum[p, "provider"] / sum[p, "pinned"], sum[p, "odprun"] / 3, sum[p, "odprun"] / sum[p, "pinned"]
			}
		}' "$work/rates"
}

case $RDMA_DEV in rodp*) check_provider ;; esac
check_odprun
[ "${1:-}" != perftest ] || check_perftest
echo "on_demand: as expected on $RDMA_DEV"
