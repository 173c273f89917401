# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# batch: runs the tests of one boot, each with a link of its own. Reads
# /run/lab/job/batch, one test a line: ID, limit in seconds and command, tabs
# between them. Says on the status channel
#   begin ID
#   end ID pass|fail|skip MILLISECONDS REASON
# and sends what the test printed to the host between lines "@@ begin ID" and
# "@@ end ID". A boot whose kernel complained, or whose devices could not be
# removed, ends: the host runs the remaining tests in another one.

CGROUP=/sys/fs/cgroup/test

now_ms() {
	local now=${EPOCHREALTIME/./}
	echo "$((now / 1000))"
}

# The command in its own cgroup, so that nothing of it outlives it.
run_command() {
	local limit=$1 command=$2 status=0
	mkdir -p "$CGROUP"
	(
		echo "$BASHPID" >"$CGROUP/cgroup.procs"
		exec </dev/null 3>&-
		# shellcheck source=/dev/null
		. "$LAB/link.env"
		cd "$WORKDIR" || exit 126
		exec setsid --wait ${RDMA_NETNS:+ip netns exec "$RDMA_NETNS"} timeout --kill-after=5 "$limit" bash -c "$command"
	) >"$LAB/output" 2>&1 || status=$?
	end_cgroup
	return "$status"
}

end_cgroup() {
	echo 1 >"$CGROUP/cgroup.kill"
	for _ in {1..100}; do
		rmdir "$CGROUP" 2>/dev/null && return
		sleep 0.1
	done
	CLEAN=no
	blame "processes that do not die: $(tr '\n' ' ' <"$CGROUP/cgroup.procs")"
}

# blame REASON: the test has failed; the first reason counts.
blame() {
	[ "$RESULT" = fail ] || REASON=$*
	RESULT=fail
}

judge_status() {
	local last
	last=$(grep -aE '[^[:space:]]' "$LAB/output" | tail -n 1)
	case $1 in
	0) ;;
	77) RESULT=skip REASON=${last:-no reason given} ;;
	124 | 137) blame "ran into its limit of $2 s" ;;
	*) blame "status $1: $last" ;;
	esac
}

# What must be true whatever the test said.
check_after() {
	local id=$1 objects=$2 text
	text=$(objects_left "$objects")
	[ -z "$text" ] || blame "objects left: $text"
	text=$(leaks_left)
	[ -z "$text" ] || blame "memory lost: $text"
	if ! link_down >"$LAB/link.log" 2>&1; then
		blame "the link does not go down: $(tail -n 1 "$LAB/link.log")"
		CLEAN=no
	fi
	text=$(slabs_left)
	[ -z "$text" ] || blame "slab caches left: $text"
	text=$(kernel_trouble "$id")
	if [ -n "$text" ]; then
		blame "kernel log: $text"
		CLEAN=no
	fi
}

run_test() {
	local id=$1 limit=$2 command=$3 status=0 objects=
	RESULT=pass REASON=
	scan_begin "$id"
	: >"$LAB/output"
	link_up "$LINK" "$TOPO" >"$LAB/link.log" 2>&1 || status=$?
	objects=$(rdma_objects)
	case $status in
	0)
		run_command "$limit" "$command" || status=$?
		judge_status "$status" "$limit"
		;;
	77) RESULT=skip REASON=$(tail -n 1 "$LAB/link.log") ;;
	*)
		cp "$LAB/link.log" "$LAB/output"
		blame "no link: $(tail -n 1 "$LAB/link.log")"
		;;
	esac
	check_after "$id" "$objects"
}

# send_output ID: to the host, with the kernel's lines when the test failed.
send_output() {
	echo "@@ begin $1"
	cat "$LAB/output"
	if [ "$RESULT" = fail ]; then
		echo "kernel log:"
		kernel_log_since "$1" | sed 's/^/  /'
	fi
	echo
	echo "@@ end $1"
}

run_batch() {
	local id limit command start out
	out=$(port out)
	CLEAN=yes
	while IFS=$'\t' read -r id limit command <&9; do
		start=$(now_ms)
		status "begin $id"
		run_test "$id" "$limit" "$command"
		send_output "$id" >"$out"
		status "end $id $RESULT $(($(now_ms) - start)) $(tr -cd '[:print:]' <<<"$REASON" | cut -c 1-300)"
		[ "$CLEAN" = yes ] || break
	done 9<"$JOB/batch"
	status "exit 0"
}
