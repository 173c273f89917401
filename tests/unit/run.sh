#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Builds and runs the unit tests under the address and undefined-behaviour sanitizers.
set -euo pipefail

build=build/unit-${LAB_SUITE:-host}
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DRODP_WERROR=ON >"$build.log" 2>&1 ||
	{ cat "$build.log" && exit 1; }
mapfile -t tests < <(ninja -C "$build" -t targets all | sed -n 's/^\(unit_[a-z_]*\): phony$/\1/p')
[ ${#tests[@]} -ge 3 ] || { echo "unit tests: only ${#tests[@]} of at least 3 can be built" && exit 1; }
ninja -C "$build" "${tests[@]}"
ctest --test-dir "$build" -L unit --output-on-failure
