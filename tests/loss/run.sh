#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# run PROGRAM [OPTION...]: in a guest of the lab with the topology of two hosts, runs the loss table: each row is a network
# that is bad in one way, each column an operation and transport, with pinned memory and on demand. Every message is
# verified, and every completion counted (loss.c). Keeps the results in build/loss/, and makes of all that are there, of
# rodp and of rxe, the table in build/loss.md and build/loss.html.
#
#   --quick             a few rows: of `everything` all columns, of the others one; pinned memory and on demand in turn
#   --row=ROW[,ROW...]  only these; --list prints their names
#   --columns=main|rest those of the quick runs only, or the others only
#   --show              cells that fail are shown, and are no failure: for rxe
#   --seed=N            of messages and, where tc knows seeds, of what is lost
set -uo pipefail

here=$(dirname "$(readlink -f "$0")")
program=${1:?the program loss}
shift
quick=no only='' which='' show=no seed=20261130
# shellcheck source=SCRIPTDIR/rows.sh
. "$here/rows.sh"

for word; do
	case $word in
	--quick) quick=yes which=main ;;
	--columns=main | --columns=rest) which=${word#*=} ;;
	--row=*) only=,${word#*=}, ;;
	--show) show=yes ;;
	--seed=*) seed=${word#*=} ;;
	--list) printf '%s\n' "${ROWS[@]}" && exit ;;
	*) echo "run.sh: unknown option '$word'" && exit 1 ;;
	esac
done

# shellcheck source=SCRIPTDIR/../verbs/common/bad_network.sh
. "$here/../verbs/common/bad_network.sh"
type=${RDMA_DEV%%[0-9]*}
results=${LAB_CHECKOUT:?runs in a guest of the lab}/build/loss
work=$(mktemp -d)
trap 'good_again; rm -rf "$work"' EXIT
passed=0 failed=0 skipped=0
CELL_LIMIT=${LOSS_CELL_LIMIT:-90} # seconds

# The device's end, and its peer's, whatever their GIDs' indices are by now.
ends=(--dev="$RDMA_DEV" --peer-dev="$RDMA_PEER_DEV" --address="$RDMA_ADDR" --peer-address="$RDMA_PEER_ADDR")
unset RDMA_GID_INDEX RDMA_PEER_GID_INDEX

# wanted_columns ROW-NUMBER: COLUMN MEMORY, one a line. A quick run has of the row of everything all columns, of the
# others one; memories in turn.
wanted_columns() {
	local column n=$(($1 + 6)) memories=(odp pinned) # so that a link that flaps has cold memory, and what is removed RC
	for column in $(list_columns); do
		n=$((n + 1))
		if [ "$quick" = no ]; then
			printf '%s %s\n' "$column" pinned "$column" odp
		elif [ "${ROWS[$1]}" = everything ]; then
			echo "$column ${memories[n % 2]}"
		elif [ $((n % columns)) -eq 0 ]; then
			echo "$column ${memories[$1 % 2]}"
		fi
	done
}

# list_columns: those of this run.
list_columns() {
	"$program" list ${which:+"$which"}
}

# judge STATUS: the word for a cell whose program ended so, and why.
judge() {
	local last
	last=$(grep -aE '[^[:space:]]' "$work/out" | tail -n 1 | tr -s ' ' | cut -c 1-200)
	case $1 in
	0) echo "ok $last" ;;
	77) echo "skip ${last#skipped: }" ;;
	124 | 137) echo "FAIL ran into its limit of $CELL_LIMIT s" ;;
	*) echo "FAIL ${last:-status $1}" ;;
	esac
}

# run_cell ROW COLUMN MEMORY: prints the cell's line.
run_cell() {
	local row=$1 column=$2 memory=$3 start=${EPOCHREALTIME/./} status=0 pid word
	rm -f "$work/ready"
	# shellcheck disable=SC2046 # words
	timeout --kill-after=5 "$CELL_LIMIT" "$program" "$column" --ready="$work/ready" "${ends[@]}" --memory="$memory" --timeout=16 \
		--seed="$seed" $(row_options "$row") >"$work/out" 2>&1 &
	pid=$!
	meanwhile "$row" "$pid"
	wait "$pid" || status=$?
	read -r word < <(judge "$status")
	printf 'cell %s %s %s %s %d.%d %s\n' "$row" "$column" "$memory" "${word%% *}" \
		"$(((${EPOCHREALTIME/./} - start) / 1000000))" "$(((${EPOCHREALTIME/./} - start) / 100000 % 10))" "${word#* }"
}

count_cell() {
	case $1 in
	*' ok '*) passed=$((passed + 1)) ;;
	*' skip '*) skipped=$((skipped + 1)) ;;
	*) failed=$((failed + 1)) ;;
	esac
}

# A row whose disturbance nobody noticed shows nothing. What rodp counts of it is known, if all columns were there.
check_noticed() {
	local name sum
	[ "$type" = rodp ] || return 0
	[ "$quick" = no ] || [ "$1" = everything ] || return 0
	for name in $(row_counters "$1"); do
		sum=$(($(counted "$name") - before[$name]))
		[ "$sum" -gt 0 ] || count_and_tell "cell $1 noticed - FAIL 0.0 no device counted $name"
	done
}

count_and_tell() {
	count_cell "$1"
	echo "$1" | tee -a "$work/row"
}

# counted NAME: of both devices.
counted() {
	cat "${LOSS_COUNTERS:-$DEVICES/$RDMA_DEV/ports/1/hw_counters}/$1" "${LOSS_COUNTERS:-$DEVICES/$RDMA_PEER_DEV/ports/1/hw_counters}/$1" 2>/dev/null |
		awk '{ sum += $1 } END { print sum + 0 }'
}

run_row() {
	local row=${ROWS[$1]} column memory name
	declare -gA before=()
	: >"$work/row"
	for name in $(row_counters "$row"); do before[$name]=$(counted "$name"); done
	make_bad "$row" || { count_and_tell "cell $row all - skip 0.0 this kernel has no such network" && return; }
	while read -r column memory; do
		count_and_tell "$(run_cell "$row" "$column" "$memory")"
	done < <(wanted_columns "$1")
	[ "$row" = removal ] || check_noticed "$row"
	good_again
	keep_row "$row"
}

# keep_row ROW: a file a row, so that a row that is run again replaces its results, those of the columns that were run.
keep_row() {
	local dir=$results/$type-$LAB_KERNEL
	mkdir -p "$dir"
	[ -e "$dir/$1" ] || : >"$dir/$1"
	awk 'FNR == NR { run[$3]; print; next } !($3 in run)' "$work/row" "$dir/$1" >"$work/kept"
	cp "$work/kept" "$dir/$1"
	echo "device $type $(uname -r)" >"$dir.version"
}

# list_results: the columns, then lines "device TYPE VERSION" and cells, in the order of the rows; of each kernel rodp and
# then rxe.
list_results() {
	local place row
	"$program" list | sed 's/^/column /' >"$results.list"
	for place in {rodp,rxe}-7 {rodp,rxe}-6.12 {rodp,rxe}-6.1; do
		[ -s "$results/$place.version" ] || continue
		cat "$results/$place.version"
		for row in "${ROWS[@]}"; do [ ! -e "$results/$place/$row" ] || cat "$results/$place/$row"; done
	done >>"$results.list"
}

columns=$(list_columns | wc -l)
[ "$columns" -gt 0 ] || { echo "run.sh: $program has no columns" && exit 1; }
introduce
for ((i = 0; i < ${#ROWS[@]}; i++)); do
	[ -z "$only" ] || [[ $only == *,"${ROWS[i]}",* ]] || continue
	[ "$quick" = no ] || [[ " $QUICK_ROWS " == *" ${ROWS[i]} "* ]] || continue
	run_row "$i"
done
[ "$((passed + failed + skipped))" -gt 0 ] || { echo "run.sh: there is no row ${only//,/}" && exit 1; }
list_results
for form in md html; do awk -f "$here/table.awk" -v form="$form" "$results.list" >"$results.$form"; done
awk -f "$here/table.awk" -v form=text "$results.list"
echo "$passed cells ok, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] || [ "$show" = yes ]
