#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# few_jobs.sh COMMAND...: runs it while a user may have one fault job only, and no thread beside the
# one of each process: misses wait for a job, and all comes to its end just the same.
set -eu

dir=/sys/module/rodp/parameters
jobs=$(cat "$dir/user_jobs") workers=$(cat "$dir/user_workers")

restore() {
	echo "$jobs" >"$dir/user_jobs"
	echo "$workers" >"$dir/user_workers"
}

trap restore EXIT
echo 1 >"$dir/user_jobs"
echo 0 >"$dir/user_workers"
"$@"
