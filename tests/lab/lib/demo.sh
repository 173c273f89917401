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

# demo_device DEVICE ROUNDS RESULTS: status 77 when this kernel cannot have it.
demo_device() {
	local status=0
	G_LINK=$1
	guest_needs
	say "$1 on kernel $(kernel_version "$G_KERNEL"), under $(accel_of "$G_KERNEL")"
	exec {G_OUT}>>"$3"
	guest_run tests/lab/demo/traffic.sh "$2" || status=$?
	exec {G_OUT}>&-
	return "$status"
}

# demo_report KERNEL RESULTS: the table on stdout, JSON, PNG.
demo_report() {
	local build=$LAB_CHECKOUT/build version
	version=$(kernel_version "$1")
	cp "$2" "$build/demo.tsv"
	need_tree trixie
	in_tree trixie none python3 tests/lab/demo/table.py "$version" "$(accel_of "$1")" \
		"$build/demo.tsv" "$build/demo.json" "$build/demo.dat"
	in_tree trixie none gnuplot -e "data='$build/demo.dat'; image='$build/demo.png'; kernel='$version'" \
		tests/lab/demo/chart.gp
	say "written: build/demo.json, build/demo.png"
}

cmd_demo() {
	local rounds=3 devices='' device status failed=0 results=$LAB_TMP/demo.tsv
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
	mkdir -p "$LAB_CHECKOUT/build"
	: >"$results"
	for device in ${devices:-$(demo_devices)}; do
		status=0
		demo_device "$device" "$rounds" "$results" || status=$?
		case $status in
		0 | 77) ;;
		*)
			say "$device: something failed (status $status)"
			[ "$device" = rxe ] || failed=1 # the peer's faults are shown, not counted
			;;
		esac
	done
	demo_report "$G_KERNEL" "$results"
	return "$failed"
}
