#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# odpctl: each command against a program whose paging is known, its JSON through a parser, what it says when something is
# missing, and the completion.
set -euo pipefail

odpctl=$LAB_BUILD/bin/odpctl

fail() {
	echo "odpctl: $*"
	exit 1
}

# says PATTERN COMMAND...: it succeeds and prints such a line.
says() {
	local pattern=$1
	shift
	echo "+ $*"
	"$@" >"$work/out" 2>&1 || { cat "$work/out" && fail "$* failed"; }
	grep -qE -- "$pattern" "$work/out" || { cat "$work/out" && fail "$*: no line like $pattern"; }
}

# refuses STATUS PATTERN COMMAND...
refuses() {
	local status=$1 pattern=$2 is=0
	shift 2
	echo "+ $*"
	"$@" >"$work/out" 2>&1 || is=$?
	[ "$is" -eq "$status" ] || { cat "$work/out" && fail "$*: status $is, not $status"; }
	grep -qE -- "$pattern" "$work/out" || { cat "$work/out" && fail "$*: no line like $pattern"; }
}

# holds EXPRESSION: of python, over the JSON text in $work/out as x.
holds() {
	python3 -c "import json, sys; x = json.load(open('$work/out')); sys.exit(not ($1))" ||
		{ cat "$work/out" && fail "not true of the JSON: $1"; }
}

# keep NAME: what was printed last, for docs/odpctl.md.
keep() {
	mkdir -p build/odpctl
	cp "$work/out" "build/odpctl/$1"
}

# shellcheck source=SCRIPTDIR/common/holder.sh
. "$(dirname "$0")/common/holder.sh"

no_escapes() {
	! grep -q $'\033' "$work/out" || fail "colours without a terminal"
}

check_rodp() {
	says '^  RC +yes' "$odpctl" caps "$RDMA_DEV"
	no_escapes
	keep caps
	says '{' "$odpctl" caps --json
	local flush=True
	[ "$LAB_KERNEL" != 6.1 ] || flush=False # neither that kernel nor its rdma-core knows it
	holds "x['implicit'] and x['prefetch'] and x['observes'] and ('flush' in x['operations']['RC']) == $flush and 'read' not in x['operations']['UC']"

	start_holder
	says "^$RDMA_DEV +[0-9]+ +$holder +libodp_holder +implicit +all +192 KiB" "$odpctl" mr
	no_escapes
	keep mr
	says '\[' "$odpctl" mr --json "$RDMA_DEV"
	holds "[r for r in x if r['pid'] == $holder and r['kind'] == 'implicit' and r['page_faults'] == 48]"
	holds "[r for r in x if r['pid'] == $holder and r['kind'] == 'pinned']"
	check_regions
	check_metrics
	says "^$RDMA_DEV: [1-9][0-9]* waits" "$odpctl" hist "$RDMA_DEV"
	keep hist
	says '{' "$odpctl" hist --json
	holds "x['count'] == sum(x['buckets']) and x['count'] >= 2 and x['sum_ns'] > 0"

	at=$(awk '/^ready/ { print $2 }' "$work/holder")
	says "^$at-[0-9a-f]+ +192 KiB of 512 KiB present, 160 KiB written" "$odpctl" map "$holder"
	no_escapes
	grep -qE "^  $at █{40}·{16}█{8}$" "$work/out" || { cat "$work/out" && fail "the picture is another"; }
	keep map
	says '"pages"' "$odpctl" map --json "$holder"
	holds "x['pid'] == $holder and sum(sum(int(c, 32) >> 1 & 1 for c in a['pages']) for a in x['areas']) == 48"
	mrn=$("$odpctl" mr --json | python3 -c "import json, sys; print([r['mrn'] for r in json.load(sys.stdin) if r['pid'] == $holder and r['kind'] == 'explicit'][0])")
	part=$(printf %012x $((0x$at + 56 * 4096)))
	says "^$part-[0-9a-f]+ +32 KiB of 32 KiB present" "$odpctl" map "$RDMA_DEV/$mrn"
	if command -v gnuplot >/dev/null; then
		"$odpctl" map --png "$work/map.png" "$holder" || fail "map --png failed"
		cp "$work/map.png" build/odpctl/map.png
		[ "$(head -c 4 "$work/map.png" | tail -c 3)" = PNG ] || fail "map --png made no PNG"
	else
		refuses 1 'is it installed' "$odpctl" map --png "$work/map.png" "$holder"
	fi

	"$odpctl" watch --json --interval 20 --count 1 "$RDMA_DEV" >"$work/events" &
	watcher=$!
	for _ in {1..40}; do
		kill -USR1 "$holder"
		sleep 0.5
		kill -0 "$watcher" 2>/dev/null || break
	done
	wait "$watcher" || fail "watch failed"
	cp "$work/events" "$work/out"
	keep watch
	holds "x['device'] == '$RDMA_DEV' and x['faults'] + x['invalidations'] > 0"
	kill "$holder"
	wait "$holder" 2>/dev/null || true
	refuses 1 "process $holder" "$odpctl" map "$holder"
}

# Which regions, in which order, and what they do meanwhile.
check_regions() {
	"$odpctl" mr --json --kind implicit --pid "$holder" "$RDMA_DEV" >"$work/out"
	holds "len(x) == 1 and x[0]['kind'] == 'implicit' and x[0]['pid'] == $holder and x[0]['program'] == 'libodp_holder'"
	"$odpctl" mr --json --sort length >"$work/out"
	holds "len(x) >= 3 and [r['length'] for r in x] == sorted((r['length'] for r in x), reverse=True)"
	"$odpctl" mr --json --sort resident >"$work/out"
	holds "x[0]['resident'] == 48 * 4096"
	"$odpctl" mr --json --mrn 4000000000 >"$work/out"
	holds "x == []"
	(for _ in {1..20}; do kill -USR1 "$holder" && sleep 0.2; done) &
	says "^$RDMA_DEV +[0-9]+ +$holder" "$odpctl" top --count 1 --interval 500 --sort faults
	"$odpctl" top --json --count 1 --interval 1500 --pid "$holder" --kind implicit >"$work/out"
	wait $!
	holds "len(x) == 1 and x[0]['faults_per_s'] > 0 and x[0]['invalidations_per_s'] > 0"
}

check_metrics() {
	"$odpctl" metrics --regions >"$work/out" || fail "metrics failed"
	grep -q "^odp_regions{device=\"$RDMA_DEV\",pid=\"$holder\",program=\"libodp_holder\",kind=\"implicit\"} 1$" "$work/out" ||
		{ cat "$work/out" && fail "the program is not among the metrics"; }
	grep -q "^odp_wait_seconds_count{device=\"$RDMA_DEV\"} [1-9]" "$work/out" || { cat "$work/out" && fail "no waits"; }
	[ "$(tail -n 1 "$work/out")" = '# EOF' ] || fail "the metrics have no end"
	! python3 -c 'import prometheus_client' 2>"$work/found" || "$(dirname "$0")/metrics/check.py" "$work/out" || fail "no parser takes it"
	keep metrics
}

check_doctor() {
	says '^ok +its port is active' "$odpctl" doctor
	no_escapes
	! grep -q MISSING "$work/out" || fail "something is missing on a host that works"
	# The lab has loaded a module that is not installed.
	grep -qE '^unknown +it is the module that is installed' "$work/out" || fail "doctor takes the module for an installed one"
	grep -qE '^         none is installed: ' "$work/out" || fail "doctor does not say that none is installed"
	keep doctor
	ip link set "$RDMA_NETDEV" down
	refuses 1 "^         ip link set $RDMA_NETDEV up" "$odpctl" doctor
	refuses 1 'MISSING' "$odpctl" doctor --json
	holds "[f for f in x if f['finding'] == 'MISSING' and f['mend'] == 'ip link set $RDMA_NETDEV up']"
	ip link set "$RDMA_NETDEV" up
	rdma link delete "$RDMA_DEV"
	refuses 1 "^         rdma link add rodp0 type rodp netdev $RDMA_NETDEV" "$odpctl" doctor
	keep doctor-missing
	eval "$(sed -n 's/^         \(rdma link add .*\)/\1/p' "$work/out")"
	sleep 1
	says '^ok +you may open it' "$odpctl" doctor
}

check_rxe() {
	says 'explicit regions +yes' "$odpctl" caps
	refuses 1 'tells nothing of waits' "$odpctl" hist "$RDMA_DEV"
	refuses 1 'cannot be watched' "$odpctl" watch "$RDMA_DEV"
	says 'DEVICE' "$odpctl" mr
	says '^# EOF$' "$odpctl" metrics
	refuses 1 'modprobe rodp' "$odpctl" doctor
	check_kernel
}

# check_kernel: what doctor says of a kernel that has not loaded rodp, by its configuration and by what it lets in.
check_kernel() {
	local config packaged
	config=/boot/config-$(uname -r) packaged=/lib/modules/$(uname -r)/config
	mkdir -p /boot
	if [ -e "$packaged" ]; then # Debian's kernels of 7 have it there
		refuses 1 '^ok +kernel has on-demand paging' "$odpctl" doctor
		mv "$packaged" "$work/packaged"
	fi
	refuses 1 '^unknown +kernel has on-demand paging' "$odpctl" doctor
	[ ! -e "$work/packaged" ] || mv "$work/packaged" "$packaged"
	printf 'CONFIG_A=y\nCONFIG_INFINIBAND_ON_DEMAND_PAGING=y\n' >"$config"
	refuses 1 '^ok +kernel has on-demand paging' "$odpctl" doctor
	printf 'CONFIG_A=y\n# CONFIG_INFINIBAND_ON_DEMAND_PAGING is not set\n' >"$config"
	refuses 1 '^MISSING +kernel has on-demand paging' "$odpctl" doctor
	rm "$config"
	refuses 1 '^ok +the kernel takes modules' "$odpctl" doctor
	[ -e /sys/kernel/security/lockdown ] || mount -t securityfs securityfs /sys/kernel/security
	echo 'none [integrity] confidentiality' >"$work/lockdown"
	mount --bind "$work/lockdown" /sys/kernel/security/lockdown
	refuses 1 '^         mokutil --import .*lockdown: integrity, Secure Boot: off' "$odpctl" doctor
	umount /sys/kernel/security/lockdown
}

check_usage() {
	refuses 2 'odpctl caps' "$odpctl"
	says 'odpctl doctor' "$odpctl" --help
	refuses 2 "no command 'nonsense'" "$odpctl" nonsense
	refuses 2 'Usage: odpctl map .*PID' "$odpctl" map
	refuses 2 'odpctl top: .0. is not a number' "$odpctl" top --interval 0
	refuses 2 "no key 'size'" "$odpctl" mr --sort size
	refuses 2 "not 'locked'" "$odpctl" top --kind locked
	refuses 1 'device nothing0 cannot be opened' "$odpctl" metrics nothing0
	refuses 2 'is not a number' "$odpctl" watch --count many
	refuses 2 'Too many arguments' "$odpctl" doctor nothing0
	refuses 2 'Too many arguments' "$odpctl" caps nothing0 nothing1
	refuses 2 'unrecognized option' "$odpctl" hist --png x.png
	refuses 2 'may have no' "$odpctl" map --png "it's.png" 1
	refuses 1 'device nothing0 cannot be opened' "$odpctl" caps nothing0
	refuses 1 'regions of nothing0' "$odpctl" mr nothing0
}

# Each command says how it is used and of which version it is, and that is the version of the project.
check_help() {
	local command version
	version=$(sed -n 's/^project(rodp VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)
	says "^odpctl ${version//./\\.}\$" "$odpctl" --version
	for command in caps mr top hist map watch record report metrics doctor; do
		says "^  odpctl $command " "$odpctl" --help
		says "^Usage: odpctl $command \\[OPTION" "$odpctl" "$command" --help
		says "^odpctl ${version//./\\.}\$" "$odpctl" "$command" --version
	done
	says '^ +-i, --interval=MS' "$odpctl" watch --help
	says '^ +-s, --seconds=N' "$odpctl" hist --help
}

# The names of devices; the rest is completion.sh's.
check_completion() {
	# shellcheck source=/dev/null
	. libodp/completion/odpctl.bash
	COMP_WORDS=(odpctl hist '') COMP_CWORD=2
	_odpctl
	[[ " ${COMPREPLY[*]} " == *" $RDMA_DEV "* ]] || fail "completion of devices: ${COMPREPLY[*]}"
}

check_usage
check_help
check_completion
case $RDMA_DEV in
rodp*) check_rodp && check_doctor ;;
rxe*) check_rxe ;;
esac
echo "odpctl: as expected on $RDMA_DEV"
