#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# consumer: the sample project, in a directory of its own, does what its workflow's last step does.
set -euo pipefail

checkout=$PWD
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp -r docs/examples/consumer/. "$dir/"
cd "$dir"
step=$(sed -n 's/^ *- run: //p' .github/workflows/rdma.yml | tail -n 1)
[ "$step" = ./ci.sh ] || { echo "the workflow's last step is '$step'; this test knows ./ci.sh" && exit 1; }

RODP=$checkout bash -c "$step" | tee "$dir/out"
grep -qx 'written by a peer, into memory that was not there' "$dir/out" || { echo "the program has not said what it should" && exit 1; }
grep -qx 'all tests passed' < <(tail -n 1 "$dir/out")
[ -x "$dir/remote_write" ] || { echo "what the guest built is not here" && exit 1; }

# A test that fails must fail the CI.
echo 'exit 3' >>test.sh
status=0
RODP=$checkout ./ci.sh >/dev/null || status=$?
[ "$status" -eq 3 ] || { echo "a failing test ended ci.sh with status $status, not 3" && exit 1; }
echo "the sample project's CI passes, and fails when its tests fail"
