#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Builds the model test and runs it: seeds 1 to SEEDS at full speed, and the first ones of them once more under the
# sanitizers.
#
#   run.sh SEEDS PACKETS SANITIZED    fails too if there are fewer packets than PACKETS
#
# LAB_KERNEL_SOURCE: another kernel/ is tested (tests/mutants).
set -euo pipefail

seeds=${1:-20000} packets=${2:-0} sanitized=${3:-500}
source=${LAB_KERNEL_SOURCE:-$PWD/kernel}
build=build/model-${LAB_SUITE:-host}${LAB_KERNEL_SOURCE:+-other}

cmake -S tests/model -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=None -DRODP_KERNEL_DIR="$source" >"$build.log" 2>&1 ||
	{ cat "$build.log" && exit 1; }
ninja -C "$build" >>"$build.log" 2>&1 || { tail -n 60 "$build.log" && exit 1; }

"$build/model" --seeds="$seeds" --packets="$packets" --save="$build/failed.txt"
echo "under the address and undefined-behaviour sanitizers:"
"$build/model_sanitized" --seeds="$sanitized" --save="$build/failed-sanitized.txt"
