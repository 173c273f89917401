#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# two-runs: two `lab run` in one checkout at once, and a third that builds while they boot: each has the device and its own result. And
# --no-build runs what was built, and refuses where nothing was.
set -euo pipefail

lab=$(dirname "$(readlink -f "$0")")/../lab
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
pids=()

# run N STATUS: in the background.
run() {
	# shellcheck disable=SC2016 # expands in the guest
	"$lab" run --link rodp --artifacts "$dir/$1" -- sh -c 'ibv_devinfo -d $RDMA_DEV | grep PORT_ACTIVE && exit '"$2" >"$dir/out.$1" 2>&1 </dev/null &
	pids+=("$!")
}

# ended N STATUS
ended() {
	local status=0
	wait "${pids[$1]}" || status=$?
	if [ "$status" -ne "$2" ] || ! grep -q PORT_ACTIVE "$dir/out.$1"; then
		cat "$dir/out.$1"
		echo "run $1 ended with $status, not $2"
		exit 1
	fi
	grep -q "\"status\": $2," "$dir/$1/result.json" || { echo "run $1 has another's result" && exit 1; }
}

run 0 3
run 1 4
"$lab" build >"$dir/build" 2>&1 || { cat "$dir/build" && exit 1; }
ended 0 3
ended 1 4

"$lab" run --no-build --link rodp -- true 2>"$dir/err" || { cat "$dir/err" && echo "--no-build does not run what was built" && exit 1; }
! grep -q 'Building' "$dir/err" || { echo "--no-build builds" && exit 1; }
mkdir "$dir/checkout"
git archive HEAD | tar -x -C "$dir/checkout" 2>/dev/null || cp -r tests kernel cmake CMakeLists.txt providers libodp service "$dir/checkout/"
! "$dir/checkout/tests/lab/lab" run --no-build --link rodp -- true 2>"$dir/err" || { echo "--no-build runs what nobody built" && exit 1; }
grep -q -- '--no-build, and .* is not built' "$dir/err" || { cat "$dir/err" && exit 1; }
echo "two runs at once, each with its own result"
