#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Builds the fuzz targets (targets.list) with libFuzzer and the sanitizers, runs them, and counts which
# lines of the pure code (pure.list) they reached.
#
#   run.sh                    quick: a fixed number of inputs each, from a fixed seed
#   run.sh --seconds N        N seconds each, going on with what earlier runs found
#   --target PATTERN          those whose name matches; then no coverage is asked for
#
# What was found stays in build/fuzz/TARGET: the corpus of long runs and, after a failure, the input that
# shows it; `build/fuzz/TARGET/fuzz FILE` runs that one again. LAB_KERNEL_SOURCE is the kernel/ to test.
set -euo pipefail

here=tests/fuzz
out=build/fuzz
kernel=${LAB_KERNEL_SOURCE:-kernel}
least=95 # percent of the lines

seconds=0 pattern=.
while [ $# -gt 0 ]; do
	case $1 in
	--seconds) seconds=$2 && shift 2 ;;
	--target) pattern=$2 && shift 2 ;;
	--one) break ;;
	*) echo "run.sh: unknown option '$1'; see its first lines" && exit 2 ;;
	esac
done

command -v clang >/dev/null || { echo "there is no clang here, and libFuzzer is part of it" && exit 77; }

warnings=(-Wall -Wextra -Werror -Wno-unused-parameter -Wno-missing-field-initializers -Wno-sign-compare -Wno-gnu)
checks=('-fsanitize=address,undefined' -fno-sanitize-recover=all -fprofile-instr-generate -fcoverage-mapping)

# Every kernel header that the driver's pure files include is tests/fuzz/kernel/standin.h.
make_headers() {
	local header
	mkdir -p "$out/include/linux" "$out/include/rdma" "$out/include/net"
	for header in linux/{atomic,bitops,completion,gfp,hrtimer,ktime,lockdep,minmax,mm,mutex,netdevice,overflow,random,rbtree} \
		linux/{rbtree_augmented,rcupdate,refcount,sched,skbuff,slab,spinlock,workqueue,xarray} net/dst_cache; do
		echo '#include "standin.h"' >"$out/include/$header.h"
	done
	echo '#include "verbs.h"' >"$out/include/rdma/ib_verbs.h"
}

# of_ibverbs: the options for the installed libibverbs, as cmake/Ibverbs.cmake finds them out.
of_ibverbs() {
	local release abi library
	release=$(pkg-config --modversion libibverbs | cut -d. -f3)
	library=$(pkg-config --variable=libdir libibverbs)/libibverbs.so
	abi=$(grep -aom 1 'verbs_register_driver_[0-9]*' "$library" | sed -n 1p)
	echo "-DIBVERBS_PABI_VERSION=${abi##*_} -DRODP_RDMA_CORE=$release"
}

# options SIDE CALLS: for the target and the project's sources of that side.
options() {
	local call
	case $1 in
	wire) echo "-I$kernel" ;;
	kernel) echo "-I$out/include -I$here/kernel -I$kernel" ;;
	provider) echo "-D_GNU_SOURCE -Iproviders/rodp/compat -Iproviders/rodp -I$kernel/uapi -I$kernel $(of_ibverbs)" ;;
	libodp) echo "-D_GNU_SOURCE -Ilibodp -Ilibodp/odpctl -I$kernel/uapi -DODPCTL_VERSION=\"1\" $(pkg-config --cflags libnl-3.0)" ;;
	esac
	for call in ${2//,/ }; do
		[ "$call" = - ] || echo "-D$call=fuzz_$call"
	done
}

# compile TARGET SIDE CALLS SOURCE...: objects in the target's directory.
compile() {
	local dir=$out/$1 source flags
	mapfile -t flags < <(options "$2" "$3" | tr -s ' ' '\n')
	shift 3
	for source; do
		clang -std=gnu11 -g -O1 "${warnings[@]}" "${checks[@]}" -fsanitize=fuzzer-no-link -I$here "${flags[@]}" \
			-c "${source/#kernel\//$kernel/}" -o "$dir/$(tr / _ <<<"${source%.c}").o" || return 1
	done
}

# build TARGET SIDE CALLS SOURCE...
build() {
	local target=$1 side=$2 link=()
	rm -f "$out/$target"/*.o
	[ "${4:--}" != - ] || set -- "$1" "$2" "$3"
	compile "$@" "$here/fuzz_$target.c" || return 1
	case $side in
	kernel) compile "$target" kernel - "$here/kernel/standin.c" "$here/kernel/ring.c" || return 1 ;;
	provider) compile "$target" kernel - "$here/fuzz_provider_kernel.c" "$here/kernel/standin.c" \
		kernel/qp/queue/swqe.c kernel/qp/queue/rwqe.c kernel/wire/opcode.c || return 1 ;;
	esac
	[ "$target" != args ] || link=('-Wl,--wrap=argp_parse,--wrap=argp_error,--wrap=argp_state_help')
	[ "$target" != nldev ] || read -ra link < <(pkg-config --libs libnl-3.0)
	clang "${checks[@]}" -fsanitize=fuzzer "$out/$target"/*.o "${link[@]}" -o "$out/$target/fuzz" -lpthread
}

# seeds TARGET DIR: the inputs of seeds/TARGET.hex, one a line, as files.
seeds() {
	local line n=0
	rm -rf "$2"
	mkdir -p "$2"
	[ -e "$here/seeds/$1.hex" ] || return 0
	while read -r line; do
		# shellcheck disable=SC2001,SC2059 # the format is the bytes
		printf "$(sed 's/../\\x&/g' <<<"$line")" >"$2/$n"
		n=$((n + 1))
	done < <(grep -v '^#' "$here/seeds/$1.hex")
}

# one NAME RUNS SIDE CALLS SOURCE...: builds and runs it, and says so in a line.
one() {
	local name=$1 dir=$out/$1 more=("-runs=$2") start=${EPOCHREALTIME/./}
	mkdir -p "$dir"
	rm -f "$dir"/*.profraw "$dir"/{crash,leak,timeout,oom}-*
	build "$name" "${@:3}" >"$dir/build.log" 2>&1 || { tail -n 30 "$dir/build.log" && echo "fuzz_$name: cannot be built" && return 1; }
	seeds "$name" "$dir/seeds"
	if [ "$seconds" -gt 0 ]; then
		mkdir -p "$dir/corpus"
		more=("-max_total_time=$seconds" "$dir/corpus")
	fi
	LLVM_PROFILE_FILE=$dir/fuzz.profraw "$dir/fuzz" -seed=1 "${more[@]}" -max_len=600 -timeout=10 -print_final_stats=1 \
		-artifact_prefix="$dir/" "$dir/seeds" >"$dir/log" 2>&1 || {
		tail -n 12 "$dir/log"
		echo "fuzz_$name: $(grep -aE -m 1 'not true|ERROR|runtime error' "$dir/log")"
		echo "fuzz_$name: failed; the input is in $dir, the whole log is $dir/log"
		return 1
	}
	printf 'fuzz_%-9s %9s inputs, %5s s\n' "$name" "$(sed -n 's/.*number_of_executed_units: *//p' "$dir/log")" \
		"$(((${EPOCHREALTIME/./} - start) / 100000))" | sed -E 's/([0-9])( s)$/.\1\2/'
}

# chosen: the lines of targets.list that are asked for.
chosen() {
	awk -v pattern="$pattern" '!/^#/ && NF >= 5 && $1 ~ pattern' $here/targets.list
}

# lines: "file lines reached" for each file of pure.list, by all targets together.
lines() {
	local objects=() name
	while read -r name _; do
		objects+=(-object "$out/$name/fuzz")
	done < <(chosen)
	llvm-profdata merge -sparse "$out"/*/fuzz.profraw -o "$out/all.profdata"
	llvm-cov export -format=lcov -instr-profile "$out/all.profdata" "${objects[@]}" >"$out/lcov" 2>"$out/cov.log"
	awk -v root="$PWD/" -v kernel="$kernel" '
		FNR == NR { if (!/^#/ && NF) { file[++n] = $1; wanted[$1] = 1 } next }
		/^SF:/ {
			name = substr($0, 4)
			if (index(name, root) == 1)
				name = substr(name, length(root) + 1)
			if (kernel != "kernel" && index(name, "kernel/") != 1)
				sub(/.*\/kernel\//, "kernel/", name)
		}
		/^LF:/ { found[name] = substr($0, 4) }
		/^LH:/ { hit[name] = substr($0, 4) }
		/^DA:/ { split(substr($0, 4), part, ","); if (!part[2]) missed[name] = missed[name] " " part[1] }
		END { for (i = 1; i <= n; i++) print file[i], found[file[i]] + 0, hit[file[i]] + 0, missed[file[i]] }
	' $here/pure.list "$out/lcov"
}

# table: build/fuzz-coverage.md, and the total. A file that no target has is an error.
table() {
	lines | awk -v least="$least" -v page=build/fuzz-coverage.md '
		BEGIN { print "| file | lines | reached | % | not reached |\n|---|---|---|---|---|" >page }
		{
			if (!$2) { print "no target has " $1; bad = 1; next }
			rest = ""
			for (i = 4; i <= NF; i++) rest = rest " " $i
			printf "| `%s` | %d | %d | %.1f |%s |\n", $1, $2, $3, 100 * $3 / $2, rest >page
			all += $2; hit += $3; files++
		}
		END {
			printf "| all | %d | %d | %.1f | |\n", all, hit, 100 * hit / all >page
			printf "%d of %d lines of pure code in %d files were reached: %.1f %%; %s\n", hit, all, files, 100 * hit / all, page
			if (100 * hit < least * all) { printf "at least %d %% must be reached\n", least; bad = 1 }
			exit bad
		}'
}

if [ "${1:-}" = --one ]; then
	seconds=$2
	one "${@:3}"
	exit
fi

# watch: a line for each target that runs, every 10 seconds.
watch() {
	local log
	while sleep 10; do
		while read -r log; do
			printf '  %-9s %s\n' "$(basename "$(dirname "$log")")" "$(grep -a '^#[0-9]' "$log" | tail -n 1 | tr '\t' ' ')"
		done < <(find $out -maxdepth 2 -name log -newermt '-15 seconds' | sort)
	done
}

make_headers
while read -r name _; do
	rm -f "$out/$name/fuzz.profraw"
done < <(awk '!/^#/' $here/targets.list)
count=$(chosen | wc -l)
[ "$count" -gt 0 ] || { echo "no fuzz target matches '$pattern'; $here/targets.list has their names" && exit 1; }
echo "$count fuzz targets, $([ "$seconds" -gt 0 ] && echo "$seconds s each" || echo "from a fixed seed"), $(nproc) at a time"
watch &
watcher=$!
trap 'kill $watcher 2>/dev/null || true' EXIT
# shellcheck disable=SC2016 # expanded by that shell
chosen | xargs -P "$(nproc)" -d '\n' -I{} bash -c 'read -ra target <<<"$2" && exec "$0" --one "$1" "${target[@]}"' "$0" "$seconds" {} || {
	echo "a fuzz target failed" && exit 1
}
chosen | awk -v out=$out '{ print out "/" $1 "/log" }' | xargs cat |
	awk '/number_of_executed_units/ { sum += $NF } END { printf "%d inputs in all\n", sum }'
[ "$pattern" != . ] || table
