# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# scan: finds trouble that a test's exit status does not show: lines of the kernel
# log since the test began, RDMA objects and slab caches that outlive it, memory that it lost.

KCSAN=/sys/kernel/debug/kcsan       # on kernel kcsan, where it is off at boot
KMEMLEAK=/sys/kernel/debug/kmemleak # the same
KMEMLEAK_AGE=5.2                    # seconds: younger memory is not looked at

SCAN_TROUBLE='WARNING:|BUG:|Oops|KFENCE|KASAN|UBSAN|KCSAN|general protection|Kernel panic'
SCAN_TROUBLE+='|possible circular|possible recursive|suspicious RCU|inconsistent lock state|bad unlock balance'
SCAN_TROUBLE+='|hung_task|blocked for more than|soft lockup|scheduling while atomic|sleeping function called'
SCAN_TROUBLE+='|\] Out of memory:|refcount_t|list_(add|del) corruption|ODEBUG|unreferenced object|Call Trace'

scan_begin() {
	echo "lab: begin $1" >/dev/kmsg
}

# kernel_log_since NAME: what the kernel said since scan_begin NAME.
kernel_log_since() {
	dmesg | awk -v mark="lab: begin $1" 'index($0, mark) && substr($0, index($0, mark)) == mark { text = ""; next }
		{ text = text $0 "\n" } END { printf "%s", text }'
}

# What the OOM killer says before a kill has a call trace. A cgroup that is out of memory is a
# test's own affair; the whole guest's is trouble, unless a test has called the killer ("echo f >/proc/sysrq-trigger")
# for a process of its own that offers itself. So are allocations that fail: the program fail_nth makes them fail.
without_oom_trace() {
	awk '/\] Out of memory: Killed process .* oom_score_adj:1000$/ { next }
		/invoked oom-killer/ || /fail_nth: (vmalloc error|page allocation failure)/ { oom = 1 }
		!(oom && /Call Trace:/) { print } /Call Trace:/ { oom = 0 }'
}

# The kernel has data races of its own, which KCSAN reports too. Trouble is a report in which the driver has a
# part: an address in one of its functions. Other CPUs' lines may stand within a report, so nothing else is left out.
without_foreign_races() {
	awk '/BUG: KCSAN: / { if (race) print race; race = $0; next }
		race && /\[(rodp|odp_monitor)\]/ { print race; race = "" }
		race && index($0, "====================") { race = "" }
		{ print }
		END { if (race) print race }'
}

# kernel_trouble NAME: the first line of trouble, if there is one. Mostly there is none: that is seen with few processes.
kernel_trouble() {
	local log
	log=$(kernel_log_since "$1")
	[[ $log =~ $SCAN_TROUBLE ]] || return 0
	without_oom_trace <<<"$log" | without_foreign_races | grep -E "$SCAN_TROUBLE" | sed -n 1p
}

# races_watch: from now on KCSAN looks.
races_watch() {
	[ ! -e "$KCSAN" ] || echo on >"$KCSAN"
}

# own_leaks: of kmemleak's report, the objects that the driver allocated: size, who ran, in which function.
own_leaks() {
	awk '/^unreferenced object/ { object = $0 }
		/^  comm / { who = $2 }
		object && /\[(rodp|odp_monitor)\]/ { print object, "of", who, $(NF - 1); object = "" }'
}

# leaks_left: the driver's memory that nobody points to, while the module is there to say where it was allocated, and
# the test's objects are gone. kmemleak believes what it sees twice. What was reported is not reported again.
leaks_left() {
	[ -e "$KMEMLEAK" ] || return 0
	sleep "$KMEMLEAK_AGE"
	echo scan >"$KMEMLEAK"
	echo scan >"$KMEMLEAK"
	own_leaks <"$KMEMLEAK" | sed -n 1p
	echo clear >"$KMEMLEAK"
}

# The index is not told, nor does its order count: a device made anew has another. Nor are CQs: ib_core keeps those of kernel
# consumers for the next one, until the device goes, and then complains of any that are left in the kernel log.
rdma_objects() {
	rdma resource show 2>/dev/null | sed 's/^[0-9]*: //; s/ cq [0-9]*//' | sort
}

# objects_left BASELINE: the difference, once the kernel had time to clean up.
objects_left() {
	local now
	for _ in {1..50}; do
		now=$(rdma_objects)
		[ "$now" != "$1" ] || return 0
		sleep 0.1
	done
	echo "before: $1, after: $now" | tr '\n' ' '
}

# Names of slab caches of a module that is gone.
slabs_left() {
	awk '/^rodp/ { print $1 }' /proc/slabinfo | tr '\n' ' '
}
