#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Builds each fuzz target with libFuzzer and the sanitizers, and runs it.
#
#   run.sh [SECONDS]    for each target (60)
#
# What was found stays in build/fuzz/TARGET: inputs that reach new code, which the next run begins with, and, after a
# failure, the input that shows it: build/fuzz/TARGET/fuzz FILE runs that one again.
set -euo pipefail

seconds=${1:-60}
command -v clang >/dev/null || { echo "there is no clang here, and libFuzzer is part of it" && exit 77; }

# The sources of the driver that a target is about.
sources_of() {
	case $1 in
	packet) echo kernel/wire/opcode.c ;;
	entries) echo kernel/odp/entries.c ;;
	esac
}

# fuzz TARGET
fuzz() {
	local dir=build/fuzz/$1 sources
	read -ra sources < <(sources_of "$1")
	mkdir -p "$dir/corpus"
	clang -std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-Ikernel "tests/fuzz/fuzz_$1.c" "${sources[@]}" -o "$dir/fuzz"
	"$dir/fuzz" -max_total_time="$seconds" -max_len=400 -timeout=5 -verbosity=0 -print_final_stats=1 \
		-artifact_prefix="$dir/" "$dir/corpus" >"$dir/log" 2>&1 || { tail -n 40 "$dir/log" && return 1; }
	printf 'fuzz_%-8s %s inputs, %s of them reached new code\n' "$1" \
		"$(sed -n 's/.*number_of_executed_units: *//p' "$dir/log")" "$(find "$dir/corpus" -type f | wc -l)"
}

for target in packet entries; do
	echo "fuzz_$target for $seconds s"
	fuzz "$target"
done
