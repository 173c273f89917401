#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# runner [--full]: the runner judges tests that are made to fail, each in its own way.
# Every one must turn out exactly as its name says, and nothing may hide the next. Each that ends its guest
# costs a boot: two of them always, and with --full the others.
set -euo pipefail

lab=$(dirname "$(readlink -f "$0")")/../lab
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

cat >"$dir/tests.list" <<'EOT'
red/pass           guest none one 7 - quick 20 true
red/fail           guest none one 7 - quick 20 echo said; exit 3
red/skip           guest none one 7 - quick 20 echo not here; exit 77
red/limit          guest none one 7 - quick 2  sleep 60
red/leftover-ok    guest none one 7 - quick 20 sleep 1000 & true
red/crash          guest none one 7 - quick 20 sleep 1; echo c >/proc/sysrq-trigger
red/after-crash    guest none one 7 - quick 20 true
red/kernel-warning guest none one 7 - quick 20 echo "<4>WARNING: CPU: 0 PID: 1 at made/up.c:1" >/dev/kmsg
red/kernel-lockdep guest none one 7 - full  20 echo "<4>possible circular locking dependency detected" >/dev/kmsg
red/after-warning  guest none one 7 - full  20 true
red/objects        guest rxe  one 7 - quick 20 ip link add d1 type dummy; ip link set d1 up; rdma link add rxe9 type rxe netdev d1
EOT

cat >"$dir/expected" <<'EOT'
pass red/pass
fail red/fail status 3: said
skip red/skip not here
fail red/limit ran into its limit of 2 s
pass red/leftover-ok
fail red/crash the guest died
pass red/after-crash
fail red/kernel-warning kernel log:
fail red/objects objects left:
EOT
last="3 passed, 5 failed, 1 skipped"
if [ "${1:-}" = --full ]; then
	printf '%s\n' 'fail red/kernel-lockdep kernel log:' 'pass red/after-warning' >>"$dir/expected"
	last="4 passed, 6 failed, 1 skipped"
fi

status=0
LAB_LISTS=$dir/tests.list LAB_RESULTS=$dir/test.json "$lab" test ${1:+"$1"} >"$dir/out" || status=$?
cat "$dir/out"
[ "$status" -eq 1 ] || { echo "lab test ended with status $status, not 1" && exit 1; }
[ "$(tail -n 1 "$dir/out")" = "$last" ] || { echo "wrong last line" && exit 1; }

sed -nE 's/.*"name": "([^"]*)".*"result": "([^"]*)".*"reason": "([^"]*)".*/\2 \1 \3/p' "$dir/test.json" >"$dir/results"
bad=0
while read -r expected; do
	grep -qF -- "$expected" "$dir/results" || { echo "not found in the results: $expected" && bad=1; }
done <"$dir/expected"
[ "$bad" -eq 0 ] || { cat "$dir/results" && exit 1; }
echo "every test turned out as it had to"

# A set that is not the same on all kernels: expect COUNT PATTERN OPTION...
printf '%s\n' 'red/some guest none one all - quick:7,6.1 20 true' 'red/checked guest none one 7 - debug 20 true' >"$dir/some.list"
expect() {
	local count=$1 pattern=$2 found
	shift 2
	found=$(LAB_LISTS=$dir/some.list "$lab" test --list "$@" | grep -c "$pattern" || true)
	[ "$found" -eq "$count" ] || { echo "lab test --list $*: $found tests '$pattern', not $count" && exit 1; }
}
expect 2 '^red/some'
expect 0 ' 6\.12 '
expect 3 '^red/some' --full
expect 1 ' 6\.12 .* full' --full
expect 0 '^red/checked' --full
expect 1 '^red/checked' --kernel kcsan
echo "a set may differ between kernels"
