# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# figures: `lab figures`. What on-demand paging costs and does, measured: boots a guest per device,
# lets tests/figures/guest/run.sh run the programs of tests/figures in it, and makes of what they print a
# table, build/figures.json and build/figures.png. The same programs are tests (tests.list):
# they fail where something is wrong that no noise explains.

figures_usage() {
	cat <<-'EOT'
		usage: lab figures [OPTION...] [GUEST-OPTION...]
		Measures what on-demand paging costs, on rodp and on rxe, in one run.

		  -k PATTERN              only programs whose name matches this extended regular expression
		  --device rodp|rxe       only this device
		  GUEST-OPTIONs           such as --kernel; see lab --help

		Writes build/figures.json and build/figures.png. Times are those of a virtual machine:
		compare them within one run. What a first touch costs without noise: lab bench -k first_touch
	EOT
}

# figures_device DEVICE PATTERN RESULTS
figures_device() {
	local status=0
	G_LINK=$1
	guest_needs
	say "$1 on kernel $(kernel_version "$G_KERNEL"), under $(accel_of "$G_KERNEL")"
	exec {G_OUT}>>"$3"
	guest_run tests/figures/guest/run.sh "$2" || status=$?
	exec {G_OUT}>&-
	return "$status"
}

# figures_report RESULTS: the table on stdout, JSON, PNG.
figures_report() {
	local build=$LAB_CHECKOUT/build version
	version=$(kernel_version "$G_KERNEL")
	cp "$1" "$build/figures.tsv"
	need_tree trixie
	in_tree trixie none python3 tests/figures/report/table.py "$version" "$(accel_of "$G_KERNEL")" \
		"$build/figures.tsv" "$build/figures.json" "$build/figures"
	in_tree trixie none gnuplot -e "data='$build/figures'; image='$build/figures.png'; kernel='$version'" \
		tests/figures/report/chart.gp
	say "written: build/figures.json, build/figures.png"
}

cmd_figures() {
	local pattern=. devices="rodp rxe" device status failed=0 results=$LAB_TMP/figures.tsv
	guest_defaults
	G_LIMIT=1800 G_MEM=4096 G_WORKDIR=$LAB_CHECKOUT
	while [ $# -gt 0 ]; do
		case $1 in
		-h | --help) figures_usage && return ;;
		-k) need_value "$@" && pattern=$2 ;;
		--device) need_value "$@" && check_word --device "$2" rodp rxe && devices=$2 ;;
		*) guest_option "$@" || die "lab figures: unknown option '$1'" "see lab figures --help" ;;
		esac
		shift 2
	done
	mkdir -p "$LAB_CHECKOUT/build"
	: >"$results"
	for device in $devices; do
		status=0
		figures_device "$device" "$pattern" "$results" || status=$?
		[ "$status" -eq 0 ] || say "$device: something failed (status $status)"
		[ "$status" -eq 0 ] || [ "$device" = rxe ] || failed=1 # the peer's faults are shown, not counted
	done
	figures_report "$results"
	return "$failed"
}
