# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# guest: one virtual machine, from its options to the exit status of its command.
# Owns QEMU's command line, the watch over a running guest, and what is shown
# when it fails. The guest's side is guest/main.sh, which also describes the
# words of the status channel.

GUEST_BOOT_LIMIT=120 # seconds until the script in the guest must run; usual: 4
GUEST_FAILED=125     # our exit status when no exit status came from the guest

# The options of one guest, set by guest_options or by the test runner.
guest_defaults() {
	G_KERNEL=7 G_SUITE='' G_TREE='' G_LINK=none G_TOPO=one
	G_INSTALLED=no G_CPUS=2 G_MEM=2048 G_NUMA=1 G_PMEM=0 G_HUGE=0 G_LIMIT=1800 G_APPEND='' G_CONSOLE='' G_OUT=1 G_TERMINAL='' G_WORKDIR=''
	G_HEAR=true    # called with each line of the status channel
	G_OVERDUE=true # called ten times a second: prints why the guest must end
	G_SHARES=() G_ENV=()
}

# The guest has one kernel command line; everything in it was measured to help
# under emulation (without no_timer_check a boot on a busy host hangs now and then),
# except panic=-1, which makes a panic end the guest at once.
kernel_command_line() {
	echo "console=ttyS0 quiet no_timer_check log_buf_len=4M slab_nomerge panic=-1 nokaslr mitigations=off random.trust_cpu=on tsc=reliable" \
		"net.ifnames=0 cryptomgr.notests $*"
}

guest_suite() {
	echo "${G_SUITE:-$(kernel_suite "$G_KERNEL")}"
}

# guest_needs: all that a guest with these options needs, made or found.
guest_needs() {
	check_memory
	need_host
	need_kernel "$G_KERNEL" &
	local kernel_pid=$!
	need_tree "$(guest_suite)"
	[ -z "$G_TREE" ] || need_tree "$(guest_suite)" "$G_TREE"
	[ "$G_INSTALLED" = no ] || need_installed "$G_KERNEL"
	wait "$kernel_pid" || [ -e "$(kernel_path "$G_KERNEL")" ] || exit 1
	want_bootable "$G_KERNEL"
	need_accel "$G_KERNEL" "$(guest_suite)"
	case $G_LINK in
	*rodp*) need_rodp "$(guest_suite)" "$G_KERNEL" ;;
	esac
}

# guest_stage: what is laid over the guest's root: what was built for its suite; in a clean Debian nothing, or the packages.
guest_stage() {
	if [ "$G_INSTALLED" = yes ]; then
		over_path "$G_KERNEL"
	elif [ "$G_TREE" != clean ]; then
		stage_path "$(guest_suite)"
	fi
}

# The directories shared with the guest, parents first.
guest_shares() {
	local dir tag=0
	{
		echo "$LAB_CHECKOUT rw"
		for dir in "${G_SHARES[@]}"; do echo "$dir rw"; done
	} | sort -u | while read -r dir mode; do
		echo "share$tag $mode $dir"
		tag=$((tag + 1))
	done
}

guest_workdir() {
	local path
	[ -z "$G_WORKDIR" ] || { echo "$G_WORKDIR" && return; }
	while read -r _ _ path; do
		case $PWD/ in "$path"/*) echo "$PWD" && return ;; esac
	done <"$1"
	echo "${G_SHARES[0]:-$LAB_CHECKOUT}"
}

# make_job DIR COMMAND...: what the guest is told.
make_job() {
	local dir=$1 stage
	shift
	rm -rf "$dir"
	mkdir -p "$dir"
	guest_shares >"$dir/shares"
	printf '%s\0' "$@" >"$dir/argv"
	{
		printf '%s=%q\n' LINK "$G_LINK" TOPO "$G_TOPO" WORKDIR "$(guest_workdir "$dir/shares")"
		printf 'export %s=%q\n' RODP_KO "$(loaded_module_path "$G_KERNEL")" LAB_SUITE "$(guest_suite)" LAB_KERNEL "$G_KERNEL" \
			LAB_BUILD "$(build_path "$(guest_suite)")" LAB_CHECKOUT "$LAB_CHECKOUT" LAB_SCRATCH /dev/vdc
		for stage in "${G_ENV[@]}"; do printf 'export %s=%q\n' "${stage%%=*}" "${stage#*=}"; done
	} >"$dir/settings"
	stage=$(guest_stage)
	[ -z "$G_TERMINAL" ] || echo "$G_TERMINAL" >"$dir/terminal"
	if [ -d "$stage" ]; then take_stage "$stage" >"$dir/stage"; fi
}

# take_stage DIR: its real name, held until this guest's lab ends. Who builds may replace it in between: then the newer one.
take_stage() {
	local real
	for _ in {1..20}; do
		real=$(readlink -f "$1")
		hold_stage "$real" 2>/dev/null && echo "$real" && return
		nap 0.1
	done
	die "$1 is replaced all the time" "do not build in this checkout from many processes at once"
}

disk_options() {
	local id=$1 path=$2 options=$3
	printf '%s\n' -drive "file=$path,if=none,id=$id,format=raw,$options" -device "virtio-blk-pci,drive=$id"
}

share_options() {
	local tag=$1 path=$2
	printf '%s\n' -fsdev "local,id=$tag,path=$path,security_model=none,multidevs=remap" \
		-device "virtio-9p-pci,fsdev=$tag,mount_tag=$tag"
}

# numa_options: the memory and the CPUs, shared out evenly among the nodes.
numa_options() {
	local node memory=$((G_MEM / G_NUMA)) cpus=$((G_CPUS / G_NUMA))
	[ "$G_NUMA" -gt 1 ] || return 0
	for ((node = 0; node < G_NUMA; node++)); do
		printf '%s\n' -object "memory-backend-ram,id=node$node,size=${memory}M" \
			-numa "node,nodeid=$node,memdev=node$node,cpus=$((node * cpus))-$((node * cpus + cpus - 1))"
	done
}

# memory_words: for the guest's kernel command line. Persistent memory is ordinary
# memory from 1 GiB on, given another name.
memory_words() {
	[ "$G_HUGE" -eq 0 ] || echo "hugepages=$G_HUGE"
	[ "$G_PMEM" -eq 0 ] || echo "memmap=${G_PMEM}M!1G"
}

# check_memory: what QEMU or the guest's kernel would choke on.
check_memory() {
	[[ "$G_NUMA $G_PMEM $G_HUGE" =~ ^[1-9]\ [0-9]+\ [0-9]+$ ]] || die "--numa, --pmem and --huge want numbers" "see lab --help"
	[ $((G_CPUS % G_NUMA + G_MEM % G_NUMA)) -eq 0 ] ||
		die "$G_NUMA NUMA nodes cannot share $G_CPUS CPUs and $G_MEM MiB evenly" "give --cpus and --mem multiples of it"
	[ "$G_PMEM" -eq 0 ] || [ $((1024 + G_PMEM)) -le "$G_MEM" ] ||
		die "no room for $G_PMEM MiB of persistent memory" "give --mem at least $((1024 + G_PMEM))"
}

# guest_arguments DIR OUT-FD ERR-FD: QEMU's arguments, one a line.
guest_arguments() {
	local dir=$1 kernel tag path
	kernel=$(kernel_path "$G_KERNEL")
	accel_options "$G_KERNEL"
	printf '%s\n' -machine q35 -smp "$G_CPUS" -m "$G_MEM" -nodefaults -no-user-config -no-reboot -display none \
		-kernel "$kernel/vmlinux" -initrd "$dir/initrd" -append "$(kernel_command_line "$(accel_words "$G_KERNEL")" "$(memory_words)" "$G_APPEND" | tr '\n' ' ')" \
		-chardev "file,id=console,path=$dir/console" -serial chardev:console \
		-chardev "file,id=status,path=$dir/status" -serial chardev:status \
		-device virtio-serial-pci \
		-add-fd "fd=$2,set=1" -chardev file,id=out,path=/dev/fdset/1,append=on -device virtserialport,chardev=out,name=out \
		-add-fd "fd=$3,set=2" -chardev file,id=err,path=/dev/fdset/2,append=on -device virtserialport,chardev=err,name=err
	numa_options
	[ -z "$G_TERMINAL" ] || printf '%s\n' -chardev stdio,id=terminal,signal=off -device virtconsole,chardev=terminal
	# In the guest: vda, vdb and vdc.
	disk_options tree "$(tree_path "$(guest_suite)" "$G_TREE")/root.img" readonly=on
	disk_options kern "$kernel/root.img" readonly=on
	disk_options scratch "$dir/scratch" cache=unsafe
	while read -r tag _ path; do share_options "$tag" "$path"; done <"$dir/job/shares"
}

# What the watched guest said on its status channel.
GUEST_STARTED='' # yes once its script runs
GUEST_END=''     # the line that ends it, or `limit`
GUEST_REASON=''  # why it was ended by force

# hear LINE
hear() {
	case ${1%% *} in
	started) GUEST_STARTED=yes ;;
	exit | refused | link-failed | boot-failed) GUEST_END=$1 ;;
	esac
	"$G_HEAR" "$1"
}

# listen FD: all complete lines that are new; the rest of a line waits in HALF.
listen() {
	local line
	while IFS= read -r -u "$1" line; do
		line=$HALF$line
		HALF=''
		hear "${line%$'\r'}"
	done
	HALF+=$line
}

# overdue START ENDED: why this guest must be ended by force, if it must.
overdue() {
	if [ "$2" -gt 0 ] && [ $((SECONDS - $2)) -gt 15 ]; then
		echo "the guest does not power off"
	elif [ $((SECONDS - $1)) -ge "$G_LIMIT" ]; then
		echo "the guest ran into its limit of $G_LIMIT s"
	elif [ -z "$GUEST_STARTED" ] && [ $((SECONDS - $1)) -ge "$GUEST_BOOT_LIMIT" ]; then
		echo "the guest did not start its script within $GUEST_BOOT_LIMIT s"
	else
		"$G_OVERDUE"
	fi
}

# watch_guest DIR PID: returns when the guest is gone, or ends it.
watch_guest() {
	local dir=$1 pid=$2 start=$SECONDS ended=0 words reason
	GUEST_STARTED='' GUEST_END='' HALF=''
	exec {words}<"$dir/status"
	while kill -0 "$pid" 2>/dev/null; do
		nap 0.1
		listen "$words"
		[ -z "$GUEST_END" ] || [ "$ended" -gt 0 ] || ended=$SECONDS
		reason=$(overdue "$start" "$ended")
		[ -n "$reason" ] || continue
		say "$reason"
		GUEST_REASON=$reason
		[ -n "$GUEST_END" ] || GUEST_END=limit
		kill -KILL "$pid" 2>/dev/null || true
		break
	done
	wait "$pid" 2>/dev/null || true
	listen "$words"
	exec {words}<&-
}

# boot_once DIR: one boot, with the guest's output on our own.
boot_once() {
	local dir=$1 out err out_pid err_pid pid arguments
	: >"$dir/console"
	: >"$dir/status"
	truncate -s 0 "$dir/scratch"
	truncate -s 2G "$dir/scratch"
	exec {out}> >(exec cat >&"$G_OUT")
	out_pid=$!
	exec {err}> >(exec cat >&2)
	err_pid=$!
	mapfile -t arguments < <(guest_arguments "$dir" "$out" "$err")
	if [ -n "$G_TERMINAL" ]; then
		qemu-system-x86_64 "${arguments[@]}" 2>"$dir/qemu" <&0 &
	else
		qemu-system-x86_64 "${arguments[@]}" >"$dir/qemu" 2>&1 </dev/null &
	fi
	pid=$!
	exec {out}>&- {err}>&-
	watch_guest "$dir" "$pid"
	wait "$out_pid" "$err_pid" || true
}

# show_console DIR: the kernel's last words.
show_console() {
	say "the guest's kernel log (its end):"
	tail -n 80 "$1/console" | tr -d '\r' | sed 's/^/  | /' >&2
	if [ -s "$1/qemu" ]; then sed 's/^/  qemu: /' "$1/qemu" >&2; fi
}

# guest_status: our exit status; says what else happened.
guest_status() {
	case $GUEST_END in
	exit\ *) echo "${GUEST_END#exit }" ;;
	limit) echo 124 ;;
	refused*) say "${GUEST_END#refused }" && echo 77 ;;
	?*) say "$GUEST_END" && echo "$GUEST_FAILED" ;;
	*) say "the guest ended without saying how its command ended" && echo "$GUEST_FAILED" ;;
	esac
}

# boot_guest DIR: boots, and once more if it died before its script ran.
boot_guest() {
	make_initrd "$1/initrd" "$(kernel_path "$G_KERNEL")" "$1/job"
	boot_once "$1"
	[ -z "$GUEST_STARTED" ] || return 0
	show_console "$1"
	say "the guest died before its script started; trying once more"
	boot_once "$1"
}

# guest_run COMMAND...: boots a guest for COMMAND and returns its exit status.
guest_run() {
	local dir status
	dir=$(mktemp -d "$LAB_TMP/guest.XXXXXX")
	make_job "$dir/job" "$@"
	boot_guest "$dir"
	status=$(guest_status)
	[ -z "$G_CONSOLE" ] || tr -d '\r' <"$dir/console" >"$G_CONSOLE"
	case $status in
	0 | 77) ;;
	*) [ -n "$G_TERMINAL" ] || show_console "$dir" ;;
	esac
	rm -rf "$dir"
	return "$status"
}
