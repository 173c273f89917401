# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# demo: `lab demo`. Boots a guest per device, lets demo/traffic.sh run stock
# perftest in it, and makes of the results a table, build/demo.json and
# build/demo.png.

demo_devices() {
	if [ -e "$LAB_CHECKOUT/kernel/Kbuild" ] || [ -e "$LAB_CHECKOUT/kernel/Makefile" ]; then
		echo rodp rxe
	else
		say "this checkout has no kernel/ directory: rxe alone"
		echo rxe
	fi
}

cmd_demo() {
	local rounds=3 devices='' failed=0 results=$LAB_TMP/demo.tsv
	guest_defaults
	G_TOPO=veth G_LIMIT=1500 G_WORKDIR=$LAB_CHECKOUT
	while [ $# -gt 0 ]; do
		case $1 in
		--rounds) need_value "$@" && rounds=$2 ;;
		--device) need_value "$@" && check_word --device "$2" rodp rxe && devices=$2 ;;
		*) guest_option "$@" || die "lab demo: unknown option '$1'" "see lab --help" ;;
		esac
		shift 2
	done
	report_guests "${devices:-$(demo_devices)}" "$results" tests/lab/demo/traffic.sh "$rounds" || failed=1
	report_write demo "$results" tests/lab/demo/table.py tests/lab/demo/chart.gp "$LAB_CHECKOUT/build/demo.dat"
	return "$failed"
}
