# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# report: what `lab demo` and `lab figures` share: a guest for each device, whose command prints results, and
# a table, JSON and a chart of them.

# report_guest DEVICE RESULTS COMMAND...: appends what COMMAND says in a guest with such a link.
report_guest() {
	local status=0 results=$2
	G_LINK=$1
	shift 2
	guest_needs
	say "$G_LINK on kernel $(kernel_version "$G_KERNEL"), under $(accel_of "$G_KERNEL")"
	exec {G_OUT}>>"$results"
	guest_run "$@" || status=$?
	exec {G_OUT}>&-
	return "$status"
}

# report_guests "DEVICE..." RESULTS COMMAND...: the peer's faults are shown, not counted; status 77 is a
# device that this kernel cannot have.
report_guests() {
	local devices=$1 results=$2 device status failed=0
	shift 2
	mkdir -p "$LAB_CHECKOUT/build"
	: >"$results"
	for device in $devices; do
		status=0
		report_guest "$device" "$results" "$@" || status=$?
		case $status in
		0 | 77) ;;
		*)
			say "$device: something failed (status $status)"
			[ "$device" = rxe ] || failed=1
			;;
		esac
	done
	return "$failed"
}

# report_write NAME RESULTS TABLE CHART DATA [WORD...]: build/NAME.tsv, .json, .png; TABLE (python) prints the table, and
# writes DATA for CHART (gnuplot); it also gets the WORDs.
report_write() {
	local build=$LAB_CHECKOUT/build version
	version=$(kernel_version "$G_KERNEL")
	cp "$2" "$build/$1.tsv"
	need_tree trixie
	in_tree trixie none python3 "$3" "$version" "$(accel_of "$G_KERNEL")" "$build/$1.tsv" "$build/$1.json" "$5" "${@:6}"
	in_tree trixie none gnuplot -e "data='$5'; image='$build/$1.png'; kernel='$version'" "$4"
	say "written: build/$1.json, build/$1.png"
}
