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

cmd_figures() {
	local pattern=. devices="rodp rxe" failed=0 results=$LAB_TMP/figures.tsv
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
	report_guests "$devices" "$results" tests/figures/guest/run.sh "$pattern" || failed=1
	report_write figures "$results" tests/figures/report/table.py tests/figures/report/chart.gp "$LAB_CHECKOUT/build/figures"
	return "$failed"
}
