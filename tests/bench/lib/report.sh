# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# shellcheck shell=bash
#
# report: counters to a table, bench.json and bench.png; a profile to a table of functions.

# bench_rows_of DIR: the rows that the guests below DIR measured.
bench_rows_of() {
	awk -f "$BENCH_DIR/report/rows.awk" "$1"/*/counters
}

# bench_report DIR OUT: the table to stdout, OUT/bench.json and OUT/bench.png.
bench_report() {
	local rows=$BENCH_BUILD/rows release
	release=$(kernel_version "$BENCH_KERNEL")
	bench_rows_of "$1" >"$rows"
	awk -v kernel="$release" -f "$BENCH_DIR/report/json.awk" "$rows" >"$2/bench.json"
	awk -f "$BENCH_DIR/report/table.awk" "$rows"
	printf '\nkernel %s, %s\n' "$release" "$("$BENCH_QEMU" --version | sed -n 1p)"
	bench_plot "$rows" "$release" "$2/bench.png"
	say "wrote $2/bench.json and $2/bench.png"
}

# bench_plot ROWS RELEASE PNG: bars, a group for each measurement, one picture half for each size.
bench_plot() {
	local bars=$BENCH_BUILD/bars
	awk -f "$BENCH_DIR/report/bars.awk" "$1" >"$bars"
	in_tree trixie none gnuplot -e "bars='$bars'; sizes=$(grep -c KiB "$bars"); kernel='$2'; out='$3'" \
		"$BENCH_DIR/report/bars.gp"
}

# bench_report_curves DIR OUT: the table to stdout, OUT/bench-curves.json and OUT/bench-curves.png.
bench_report_curves() {
	local rows=$BENCH_BUILD/curve-rows curves=$BENCH_BUILD/curves release
	release=$(kernel_version "$BENCH_KERNEL")
	bench_rows_of "$1" >"$rows"
	awk -v kernel="$release" -f "$BENCH_DIR/report/json.awk" "$rows" >"$2/bench-curves.json"
	awk -f "$BENCH_DIR/report/curves.awk" "$rows" | tee "$curves"
	printf '\nThousands of instructions in the kernel a WRITE of 4 KiB; rodp on demand, rxe pinned; kernel %s\n' "$release"
	in_tree trixie none gnuplot -e "curves='$curves'; kernel='$release'; out='$2/bench-curves.png'" \
		"$BENCH_DIR/report/curves.gp"
	say "wrote $2/bench-curves.json and $2/bench-curves.png"
}

# bench_profile ROW: runs one row with every block of code counted, and prints the functions that cost most.
bench_profile() {
	local dir=$BENCH_BUILD/profile guest=$BENCH_BUILD/profile/guest
	local device=${1##*:} topology
	topology=$(cut -d: -f4 <<<"$1")
	grep -qxF -- "$1" < <(bench_rows "$device" "$topology" && bench_curve_rows "$device" "$topology") ||
		die "there is no row '$1'" "a row's name is like write_bw:65536:odp:one:rxe"
	rm -rf "$dir"
	mkdir -p "$guest"
	echo "$device $topology" >"$guest/kind"
	echo "$1 $(bench_iterations "$1")" >"$guest/plan"
	bench_run_guests "$dir" profile
	bench_check_guests "$dir"
	bench_functions "$guest"
}

# bench_functions GUEST-DIR: symbols and blocks merged by address, summed by function.
bench_functions() {
	{
		awk -f "$BENCH_DIR/report/blocks.awk" "$1/counters"
		awk '$1 >= "8" && $2 ~ /^[tTwW]$/ { print $1, "S", $3, $4 }' "$1/kallsyms"
	} | LC_ALL=C sort -k 1,1 -k 2,2r -s | awk -f "$BENCH_DIR/report/functions.awk" >"$1/functions"
	echo "Instructions per message, $(sed 's/ .*//' "$1/plan"), $(bench_rows_of "${1%/*}" | awk '{
		printf "kernel %s, module %s, user %s, syscalls %s", $2, $3, $4, $5 }')"
	sort -k 1,1nr "$1/functions" | awk -f "$BENCH_DIR/report/top.awk" | sed -n 1,42p
	say "all functions: $1/functions"
}
