# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# shellcheck shell=sh
#
# One measurement: the window is open while the client runs and until the server has ended too.

# Seconds of virtual time, 10^9 instructions each, after which a process is taken for hung; the longest takes 3.
LIMIT=10
PORT=18515
SPREAD_LIMIT=100 # the same for a program that registers 100,000 regions

# Two processes that poll wait for each other's turn on the one CPU to end. By the timer tick that takes millions of
# instructions a message, as many as chance will have, and their ticks would be all that the row shows. So each has a
# turn of its own in a period of its own, ended by a timer of the scheduler's. The periods differ, lest a
# run keep the phase that it began with. Nanoseconds, of which an instruction takes one.
TURN_SMALL=100000 # longer than a message takes,
TURN_LARGE=500000 # also one of 64 KiB
FAR_PERIOD=25 NEAR_PERIOD=27 # tenths of a turn

# The scheduler ends turns at a tick unless told to be exact.
sharp_turns() {
	echo HRTICK_DL >/sys/kernel/debug/sched/features
	echo HRTICK >/sys/kernel/debug/sched/features
}

# in_turns TEST BYTES TENTHS: the command to run the test with.
in_turns() {
	case $1 in *_lat) ;; *) return ;; esac
	turn=$TURN_LARGE
	[ "$2" -gt 4096 ] || turn=$TURN_SMALL
	period=$((turn * $3 / 10))
	echo "chrt --deadline --sched-runtime $turn --sched-deadline $period --sched-period $period 0"
}

# measure LABEL ROW ITERATIONS
measure() {
	test=${2%%:*} rest=${2#*:}
	case $test in
	floor) measure_floor "$1" "$rest" "$3" ;;
	first_touch) measure_touch "$1" "$(echo "$rest" | cut -d: -f2)" "$3" ;;
	stream) measure_plain "$1" "${2##*:}" "-s ${rest%%:*} -n $3" ;;
	pingpong) measure_plain "$1" "${2##*:}" "-s ${rest%%:*} -n $3 -l" ;;
	*) measure_pair "$1" "$test" "${rest%%:*}" "$(echo "$rest" | cut -d: -f2)" "$3" ;;
	esac
}

# measure_floor LABEL BYTES TIMES
measure_floor() {
	mark begin "$1"
	echo "$2 $3" >/sys/module/bench_floor/parameters/copy || return
	mark end
}

# measure_touch LABEL STATE TIMES: the program opens and closes the window itself, around what it measures.
measure_touch() {
	FIRST_TOUCH_LABEL=$1 FIRST_TOUCH=$2 timeout -k 1 "$LIMIT" first_touch --dev="$NEAR_DEV" --gid-index="$NEAR_GID" \
		--rounds="$3" >/tmp/near 2>&1 && return
	: >/tmp/far
	show near
	return 1
}

# measure_spread ROW FEW MANY: both windows of the row, which the program opens and closes itself. The row's test is qps=N or
# mrs=N.
measure_spread() {
	test=${1%%:*} rest=${1#*:}
	export SPREAD_QPS=1 SPREAD_MRS=1 SPREAD_LABEL="$1" SPREAD_FEW="$2" SPREAD_MANY="$3"
	case $test in
	qps=*) SPREAD_QPS=${test#*=} ;;
	mrs=*) SPREAD_MRS=${test#*=} ;;
	esac
	$IN_NEAR timeout -k 1 "$SPREAD_LIMIT" spread --dev="$NEAR_DEV" --gid-index="$NEAR_GID" --peer-dev="$FAR_DEV" \
		--peer-gid-index="$FAR_GID" --memory="$(echo "$rest" | cut -d: -f2)" >/tmp/near 2>&1 && return
	: >/tmp/far
	show near
	return 1
}

# measure_plain LABEL PEER OPTIONS: without RDMA; `cma` is both of its ends.
measure_plain() {
	: >/tmp/far
	if [ "$2" = tcp ]; then
		measure_ends "$1" "tcp_peer -p $PORT $3" "tcp_peer -p $PORT $3 $FAR_IP"
		return
	fi
	mark begin "$1"
	# shellcheck disable=SC2086 # words
	timeout -k 1 "$LIMIT" cma_peer $3 >/tmp/near 2>&1
	near=$?
	mark end
	[ "$near" = 0 ] || show near
	return "$near"
}

# measure_pair LABEL TEST BYTES MEMORY ITERATIONS [OPTIONS]
measure_pair() {
	options="-s $3 -n $5 -p $PORT -F $(memory_option "$4") ${6-}"
	measure_ends "$1" "$(in_turns "$2" "$3" "$FAR_PERIOD") ib_$2 -d $FAR_DEV $(far_options) $options" \
		"$(in_turns "$2" "$3" "$NEAR_PERIOD") ib_$2 -d $NEAR_DEV $(near_options) $options $FAR_IP"
}

# How perftest connects: by itself, or through rdma_cm, which is all that iWARP can. A server of siw that listens on
# every address would listen in the other namespace too.
far_options() {
	case $FAR_DEV in
	siw*) echo "-R --bind_source_ip $FAR_IP" ;;
	*) echo "-x $FAR_GID" ;;
	esac
}

near_options() {
	case $NEAR_DEV in
	siw*) echo "-R" ;;
	*) echo "-x $NEAR_GID" ;;
	esac
}

# measure_ends LABEL FAR-COMMAND NEAR-COMMAND: the window is open while the client runs and until the server has ended too.
measure_ends() {
	: >/tmp/near
	# shellcheck disable=SC2086 # words
	$IN_FAR timeout -k 1 "$LIMIT" $2 >/tmp/far 2>&1 &
	wait_listening $! || { show far; return 1; }
	mark begin "$1"
	# shellcheck disable=SC2086 # words
	$IN_NEAR timeout -k 1 "$LIMIT" $3 >/tmp/near 2>&1
	near=$?
	wait $!
	far=$?
	mark end
	[ "$near$far" = 00 ] && return
	show far
	show near
	return 1
}

memory_option() {
	case $1 in
	pinned) ;;
	odp) echo --odp ;;
	implicit) echo --odp_implicit ;;
	esac
}

# Waits until process $1 listens on PORT (48 53 in hexadecimal; 0A is LISTEN).
wait_listening() {
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		grep -q ":4853 .* 0A " "/proc/$1/net/tcp" "/proc/$1/net/tcp6" 2>/dev/null && return
		sleep 0.2
	done
	return 1
}

# What a run that failed is called: "refused" when perftest says that the device has no ODP. The second text is that of
# perftest 4.5.
verdict() {
	if grep -q "does not support On-Demand\|Send is not supported for RC" /tmp/far /tmp/near; then
		echo refused
	else
		echo failed
	fi
}

show() {
	echo "--- $1"
	cat "/tmp/$1"
} >/dev/console
