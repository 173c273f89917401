# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# suite: `lab test`. Prepares what the selected tests need, runs host tests one by
# one, and then guest tests in as few boots as possible while native tests run one by one in the time that
# guests leave idle. Prints a line a test, and keeps each test's output in build/test/ and the results in
# build/test.json.

SUITE_TROUBLE='^  \[.*(BUG:|WARNING:|Oops|blocked for more than|stall)' # in a log: what the kernel begins a report with
SUITE_JUNIT='' # the file for results in that form
SUITE_SLACK=90 # seconds that a test's link and clean-up may take beyond its limit

# Results, by test id.
declare -A R_RESULT=() R_MS=() R_REASON=()

suite_dir() { echo "${LAB_ARTIFACTS_DIR:-$LAB_CHECKOUT/build}/test"; }

test_log() {
	local name=${T_NAME[$1]}-${T_KERNEL[$1]}-${T_SUITE[$1]}
	echo "$(suite_dir)/${name//\//-}.log"
}

# show_failure ID: where the kernel's trouble began, and how the output ends.
show_failure() {
	local log
	log=$(test_log "$1")
	[ -s "$log" ] || return 0
	{
		grep -am 1 -A 40 -E "$SUITE_TROUBLE" "$log" && echo ...
		tail -n 40 "$log"
	} | sed 's/^/  | /'
}

# result_line ID pass|fail|skip MILLISECONDS REASON
result_line() {
	local id=$1 word=$2 seconds
	seconds=$(($3 / 1000)).$(($3 % 1000 / 100))
	case $word in
	pass) word='ok  ' ;;
	fail) word=FAIL ;;
	esac
	printf '%s  %-40s %-20s %6s s%s\n' "$word" "${T_NAME[id]}" "$(test_place "$id")" "$seconds" "${4:+  $4}"
	[ "$2" != fail ] || show_failure "$id"
}

# record ID pass|fail|skip MILLISECONDS REASON: and the line about it, written at once: two processes write lines.
record() {
	local text
	R_RESULT[$1]=$2 R_MS[$1]=$3 R_REASON[$1]=$4
	text=$(result_line "$@")
	printf '%s\n' "$text"
}

# Host and native tests.

last_line() {
	grep -aE '[^[:space:]]' "$1" 2>/dev/null | tail -n 1 | cut -c 1-300 || true
}

run_here() {
	local id=$1 command=${T_COMMAND[$1]}
	case ${T_DEPTH[id]} in
	host) (cd "$LAB_CHECKOUT" && bash -c "$command") ;;
	native)
		in_variety "${T_SUITE[id]}" "$(variety_of "$id")" "${T_KERNEL[id]}" env LAB_SUITE="${T_SUITE[id]}" LAB_KERNEL="${T_KERNEL[id]}" \
			LAB_KERNEL_SOURCE="${LAB_KERNEL_SOURCE:-}" LAB_BUILD="$(build_path "${T_SUITE[id]}")" LAB_CHECKOUT="$LAB_CHECKOUT" bash -c "$command"
		;;
	esac
}

# Runs in a process of its own, which reads the lists again.
run_here_by_id() {
	load_tests
	run_here "$1"
}

run_host_test() {
	local id=$1 log start status=0 ms
	log=$(test_log "$id")
	start=${EPOCHREALTIME/./}
	timeout --kill-after=5 "${T_LIMIT[id]}" "$LAB_DIR/lab" --call run_here_by_id "$id" >"$log" 2>&1 </dev/null &
	wait "$!" || status=$?
	ms=$(((${EPOCHREALTIME/./} - start) / 1000))
	case $status in
	0) record "$id" pass "$ms" '' ;;
	77) record "$id" skip "$ms" "$(last_line "$log")" ;;
	124 | 137) record "$id" fail "$ms" "ran into its limit of ${T_LIMIT[id]} s" ;;
	*) record "$id" fail "$ms" "status $status: $(last_line "$log")" ;;
	esac
}

# Native tests beside the guests: in a process of its own, which has the CPUs when no guest wants them, and leaves the
# results in a file.

run_natives() {
	local id
	# shellcheck disable=SC2046 # a list of pids
	trap 'kill $(jobs -p) 2>/dev/null; exit 143' TERM
	renice -n 15 -p "$BASHPID" >/dev/null
	for id in "$@"; do
		run_host_test "$id"
		printf '%s\t%s\t%s\t%s\n' "$id" "${R_RESULT[$id]}" "${R_MS[$id]}" "${R_REASON[$id]}" >>"$LAB_TMP/natives"
	done
}

# take_natives: what that process found, which has ended.
take_natives() {
	local id result ms reason
	while IFS=$'\t' read -r id result ms reason; do
		R_RESULT[$id]=$result R_MS[$id]=$ms R_REASON[$id]=$reason
	done <"$LAB_TMP/natives"
}

# Guest tests: a group is what one boot can run.

# The state of the boot that is being watched.
B_DIR='' B_CURRENT='' B_BEGAN=0

# cut_output DIR ID: the test's part of what the guest printed.
cut_output() {
	awk -v id="$2" '$0 == "@@ end " id { on = 0 } on { print } $0 == "@@ begin " id { on = 1 }' "$1/out" |
		tr -d '\r' >"$(test_log "$2")"
}

# The output comes on another channel than the word: give it a moment.
wait_for_output() {
	for _ in {1..30}; do
		! grep -aqx "@@ end $2" "$1/out" || return 0
		nap 0.1
	done
}

# batch_hear LINE: of the status channel.
batch_hear() {
	local word id result ms reason
	read -r word id result ms reason <<<"$1"
	case $word in
	begin) B_CURRENT=$id B_BEGAN=$SECONDS ;;
	end)
		B_CURRENT=''
		wait_for_output "$B_DIR" "$id"
		cut_output "$B_DIR" "$id"
		record "$id" "$result" "$ms" "$reason"
		;;
	esac
}

batch_overdue() {
	[ -n "$B_CURRENT" ] || return 0
	[ $((SECONDS - B_BEGAN)) -le $((T_LIMIT[B_CURRENT] + SUITE_SLACK)) ] ||
		echo "the guest hangs, $SUITE_SLACK s after the limit of ${T_NAME[B_CURRENT]}"
}

# make_batch DIR ID...
make_batch() {
	local dir=$1 id
	shift
	make_job "$dir/job" true
	for id in "$@"; do
		printf '%s\t%s\t%s\n' "$id" "${T_LIMIT[id]}" "${T_COMMAND[id]}"
	done >"$dir/job/batch"
}

# The results go to our stdout while the guest's output goes to a file.
boot_batch_guest() {
	exec {G_OUT}>"$1/out"
	boot_guest "$1"
	exec {G_OUT}>&-
}

# record_death DIR ID HOW: a test that was running when its guest went away.
record_death() {
	local dir=$1 id=$2
	{
		sed "1,/^@@ begin $id\$/d" "$dir/out"
		echo "kernel log:"
		tr -d '\r' <"$dir/console" | awk -v mark="lab: begin $id" \
			'substr($0, length($0) - length(mark) + 1) == mark { text = ""; next } { text = text "  " $0 "\n" } END { printf "%s", text }'
	} >"$(test_log "$id")"
	record "$id" fail "$(((SECONDS - B_BEGAN) * 1000))" "$3"
}

# boot_batch ID...: one boot; true when at least one test got a result.
boot_batch() {
	local dir how='the guest died' before=${#R_RESULT[@]}
	dir=$(mktemp -d "$LAB_TMP/batch.XXXXXX")
	make_batch "$dir" "$@"
	B_DIR=$dir B_CURRENT=''
	boot_batch_guest "$dir"
	[ "$GUEST_END" != limit ] || how='the guest hung'
	[ -z "$B_CURRENT" ] || record_death "$dir" "$B_CURRENT" "$how"
	if [ "${#R_RESULT[@]}" -eq "$before" ]; then
		show_console "$dir"
		return 1
	fi
	rm -rf "$dir"
}

# guest_of_group KERNEL SUITE LINK TOPO OPTIONS
guest_of_group() {
	local option
	guest_defaults
	G_KERNEL=$1 G_SUITE=$2 G_LINK=$3 G_TOPO=$4 G_LIMIT=7200 G_WORKDIR=$LAB_CHECKOUT G_HEAR=batch_hear G_OVERDUE=batch_overdue
	for option in ${5//,/ }; do
		case $option in
		-) ;;
		mem=*) G_MEM=${option#*=} ;;
		cpus=*) G_CPUS=${option#*=} ;;
		numa=*) G_NUMA=${option#*=} ;;
		pmem=*) G_PMEM=${option#*=} ;;
		huge=*) G_HUGE=${option#*=} ;;
		tree=*) G_TREE=${option#*=} ;;
		installed=yes) G_INSTALLED=yes G_TREE=clean ;;
		append=*) G_APPEND+=" ${option#*=}" ;;
		*) die "unknown guest option '$option' in a tests.list" "see lib/list.sh" ;;
		esac
	done
	! is_debug_kernel "$G_KERNEL" || G_MEM=$((G_MEM * 3 / 2)) # what the checkers know takes half as much again
	check_memory
}

# run_group "KERNEL SUITE LINK TOPO OPTIONS" ID...
run_group() {
	local group=$1 id left
	shift
	# shellcheck disable=SC2086 # five words
	guest_of_group $group
	while [ $# -gt 0 ]; do
		boot_batch "$@" || {
			for id in "$@"; do record "$id" fail 0 "the guest did not boot"; done
			return
		}
		left=()
		for id in "$@"; do [ -n "${R_RESULT[$id]:-}" ] || left+=("$id"); done
		set -- "${left[@]}"
	done
}

# Groups in the order of their first test.
run_guest_tests() {
	local id group groups=() members
	for id in "$@"; do
		group=$(test_group "$id")
		[[ " ${groups[*]/%/;}" == *" $group;"* ]] || groups+=("$group")
	done
	for group in "${groups[@]}"; do
		members=()
		for id in "$@"; do [ "$(test_group "$id")" != "$group" ] || members+=("$id"); done
		run_group "$group" "${members[@]}"
	done
}

# Preparation: everything at once, each thing once.

# words_of ARRAY-NAME ID...: the distinct values.
words_of() {
	local -n array=$1
	local id
	shift
	for id in "$@"; do echo "${array[id]}"; done | sort -u
}

prepare_suite() {
	need_tree "$1"
	[ ! -e "$LAB_CHECKOUT/CMakeLists.txt" ] || need_userland "$1"
}

# variety_of ID: of the tree that the test wants, or nothing.
variety_of() {
	tr , '\n' <<<"${T_GUEST[$1]}" | sed -n 's/^tree=//p'
}

# trees_of ID...: SUITE:VARIETY of the tests that want a variety.
trees_of() {
	local id variety
	for id in "$@"; do
		variety=$(variety_of "$id")
		[ -z "$variety" ] || echo "${T_SUITE[id]}:$variety"
	done | sort -u
}

# installed_kernels ID...: the kernels of the guests that want the packages installed.
installed_kernels() {
	local id
	for id in "$@"; do
		[[ ,${T_GUEST[id]}, != *,installed=yes,* ]] || echo "${T_KERNEL[id]}"
	done | sort -u
}

prepare_kernel() {
	need_kernel "$1"
	want_bootable "$1"
	[ "$2" = no ] || {
		need_tree "$(kernel_suite "$1")"
		need_module "$1"
	}
}

# want_modules ID...: for a link, or, without one, for the monitor.
want_modules() {
	[[ " $(words_of T_LINK "$@" | tr '\n' ' ')" != *rodp* ]] || return 0
	local id
	for id in "$@"; do
		[[ ${T_COMMAND[id]} != tests/monitor/* ]] || return 0
	done
	return 1
}

# prepare ID...: trees, kernels and builds, in parallel.
prepare() {
	local word pids=() pid modules=no
	need_host
	! want_modules "$@" || modules=yes
	for word in $(words_of T_SUITE "$@"); do prepare_suite "$word" & pids+=("$!"); done
	for word in $(trees_of "$@"); do need_tree "${word%:*}" "${word#*:}" & pids+=("$!"); done
	for word in $(words_of T_KERNEL "$@"); do prepare_kernel "$word" "$modules" & pids+=("$!"); done
	for pid in "${pids[@]}"; do wait "$pid" || die "the tests cannot be prepared" "see above"; done
	for word in $(installed_kernels "$@"); do need_installed "$word"; done
	for word in $(words_of T_KERNEL "$@"); do need_accel "$word" "$(words_of T_SUITE "$@" | sed -n 1p)"; done
}

# Results.

# versions ID...: "NAME VALUE" of what the tests ran on.
versions() {
	local word
	echo "rodp $(rodp_exactly)"
	for word in $(words_of T_KERNEL "$@"); do
		[ ! -e "$(kernel_path "$word")" ] || echo "kernel-$word $(kernel_exactly "$word")"
	done
	for word in $(words_of T_SUITE "$@"); do echo "suite-$word $(suite_exactly "$word")"; done
}

write_json() {
	local id comma='' word
	printf '{"passed": %d, "failed": %d, "skipped": %d, "versions": {' "$1" "$2" "$3"
	shift 3
	while read -r word; do
		printf '%s%s: %s' "$comma" "$(json_string "${word%% *}")" "$(json_string "${word#* }")"
		comma=', '
	done < <(versions "$@")
	printf '}, "tests": [\n'
	comma=''
	for id in "$@"; do
		printf '%s  {"name": %s, "depth": "%s", "kernel": "%s", "suite": "%s", "link": "%s", "topology": "%s", "result": "%s", "seconds": %s, "reason": %s}' \
			"$comma" "$(json_string "${T_NAME[id]}")" "${T_DEPTH[id]}" "${T_KERNEL[id]}" "${T_SUITE[id]}" "${T_LINK[id]}" \
			"${T_TOPO[id]}" "${R_RESULT[$id]}" "$(seconds_of "${R_MS[$id]}")" "$(json_string "${R_REASON[$id]}")"
		comma=$',\n'
	done
	printf '\n]}\n'
}

write_suite_junit() {
	local id total=0 properties
	mapfile -t properties < <(versions "$@")
	for id in "$@"; do total=$((total + R_MS[$id])); done
	for id in "$@"; do
		junit_case "${T_KERNEL[id]}.${T_SUITE[id]}.${T_NAME[id]%/*}" "${T_NAME[id]##*/}" "${R_MS[$id]}" "${R_RESULT[$id]}" "${R_REASON[$id]}" "$(test_log "$id")"
	done | junit_suite "$#" "$(count_results fail)" "$(count_results skip)" "$total" "${properties[@]}"
}

count_results() {
	local id count=0
	for id in "${!R_RESULT[@]}"; do
		[ "${R_RESULT[$id]}" != "$1" ] || count=$((count + 1))
	done
	echo "$count"
}

finish() {
	local passed failed skipped id
	passed=$(count_results pass) failed=$(count_results fail) skipped=$(count_results skip)
	write_json "$passed" "$failed" "$skipped" "$@" >"${LAB_RESULTS:-${LAB_ARTIFACTS_DIR:-$LAB_CHECKOUT/build}/test.json}"
	[ -z "$SUITE_JUNIT" ] || write_suite_junit "$@" >"$SUITE_JUNIT"
	for id in "$@"; do
		[ "${R_RESULT[$id]}" != skip ] || echo "skipped: ${T_NAME[id]} ($(test_place "$id")): ${R_REASON[$id]}"
	done
	for id in "$@"; do
		[ "${R_RESULT[$id]}" != fail ] || echo "failed: ${T_NAME[id]} ($(test_place "$id")): ${R_REASON[$id]}"
	done
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
}

list_tests() {
	local id
	for id in "$@"; do
		printf '%-40s %-20s %-5s %5s s\n' "${T_NAME[id]}" "$(test_place "$id")" "${T_SET[id]}" "${T_LIMIT[id]}"
	done
}

run_tests() {
	local id guests=() natives=() natives_pid
	mkdir -p "$(suite_dir)"
	prepare "$@"
	for id in "$@"; do
		case ${T_DEPTH[id]} in
		guest) guests+=("$id") ;;
		native) natives+=("$id") ;;
		*) run_host_test "$id" ;;
		esac
	done
	: >"$LAB_TMP/natives"
	run_natives "${natives[@]}" &
	natives_pid=$!
	[ "${#guests[@]}" -eq 0 ] || run_guest_tests "${guests[@]}"
	wait "$natives_pid" || die "the native tests ended before their time (status $?)" "look at the last test's output in $(suite_dir)"
	take_natives
	finish "$@"
}

cmd_test() {
	local pattern='' kernel='' set=quick action=run_tests ids
	while [ $# -gt 0 ]; do
		case $1 in
		-k) need_value "$@" && pattern=$2 && shift ;;
		--kernel) need_value "$@" && take_kernel "$2" && kernel=$KERNEL && shift ;;
		--mirror) need_value "$@" && export LAB_MIRROR=$2 && shift ;;
		--junit) need_value "$@" && SUITE_JUNIT=$2 && shift ;;
		--artifacts) need_value "$@" && take_artifacts "$2" && export LAB_ARTIFACTS_DIR=$ARTIFACTS && shift ;;
		--no-build) export LAB_NO_BUILD=yes ;;
		--full) set=full ;;
		--list) action=list_tests ;;
		*) die "lab test: unknown option '$1'" "see lab --help" ;;
		esac
		shift
	done
	load_tests
	[ -z "$kernel" ] || ! is_standin_kernel "$kernel" || use_standin_kernel "$kernel"
	mapfile -t ids < <(select_tests "$pattern" "$kernel" "$set")
	[ "${#ids[@]}" -gt 0 ] || die "no test matches" "lab test --full --list shows them all"
	"$action" "${ids[@]}"
}
