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
	G_KERNEL=7 G_SUITE='' G_LINK=none G_TOPO=one
	G_CPUS=2 G_MEM=2048 G_LIMIT=1800 G_APPEND='' G_CONSOLE=''
	G_SHARES=() G_ENV=()
}

# The guest has one kernel command line; everything in it was measured to help
# under emulation, except panic=-1, which makes a panic end the guest at once.
kernel_command_line() {
	echo "console=ttyS0 quiet panic=-1 nokaslr mitigations=off random.trust_cpu=on tsc=reliable" \
		"net.ifnames=0 cryptomgr.notests $*"
}

guest_suite() {
	echo "${G_SUITE:-$(kernel_suite "$G_KERNEL")}"
}

# guest_needs: all that a guest with these options needs, made or found.
guest_needs() {
	need_host
	need_kernel "$G_KERNEL" &
	local kernel_pid=$!
	need_tree "$(guest_suite)"
	wait "$kernel_pid" || exit 1
	[ -n "${LAB_ACCEL:-}" ] || need_accel "$G_KERNEL"
	case $G_LINK in
	*rodp*) need_rodp "$(guest_suite)" "$G_KERNEL" ;;
	esac
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
		printf 'export %s=%q\n' RODP_KO "$(module_path "$G_KERNEL")" LAB_SUITE "$(guest_suite)" LAB_KERNEL "$G_KERNEL" \
			LAB_BUILD "$(build_path "$(guest_suite)")" LAB_CHECKOUT "$LAB_CHECKOUT" LAB_SCRATCH /dev/vdc
		for stage in "${G_ENV[@]}"; do printf 'export %s=%q\n' "${stage%%=*}" "${stage#*=}"; done
	} >"$dir/settings"
	stage=$(stage_path "$(guest_suite)")
	if [ -d "$stage" ]; then echo "$stage" >"$dir/stage"; fi
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

# guest_arguments DIR OUT-FD ERR-FD: QEMU's arguments, one a line.
guest_arguments() {
	local dir=$1 kernel tag path
	kernel=$(kernel_path "$G_KERNEL")
	accel_options "$G_KERNEL"
	printf '%s\n' -machine q35 -smp "$G_CPUS" -m "$G_MEM" -nodefaults -no-user-config -no-reboot -display none \
		-kernel "$kernel/vmlinux" -initrd "$dir/initrd" -append "$(kernel_command_line "$G_APPEND")" \
		-chardev "file,id=console,path=$dir/console" -serial chardev:console \
		-chardev "file,id=status,path=$dir/status" -serial chardev:status \
		-device virtio-serial-pci \
		-add-fd "fd=$2,set=1" -chardev file,id=out,path=/dev/fdset/1,append=on -device virtserialport,chardev=out,name=out \
		-add-fd "fd=$3,set=2" -chardev file,id=err,path=/dev/fdset/2,append=on -device virtserialport,chardev=err,name=err
	# In the guest: vda, vdb and vdc.
	disk_options tree "$(tree_path "$(guest_suite)")/root.img" readonly=on
	disk_options kern "$kernel/root.img" readonly=on
	disk_options scratch "$dir/scratch" cache=unsafe
	while read -r tag _ path; do share_options "$tag" "$path"; done <"$dir/job/shares"
}

guest_said() {
	tr -d '\r' <"$1/status" 2>/dev/null | grep -E "^$2( |\$)" | tail -n 1 || true
}

# watch_guest DIR PID: returns when the guest is gone, or ends it.
watch_guest() {
	local dir=$1 pid=$2 start=$SECONDS ended=0
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.1
		if [ "$ended" -eq 0 ] && [ -n "$(guest_said "$dir" '(exit|refused|link-failed|boot-failed)')" ]; then
			ended=$SECONDS
		fi
		if [ "$ended" -gt 0 ] && [ $((SECONDS - ended)) -gt 15 ]; then
			kill -KILL "$pid"
		elif [ $((SECONDS - start)) -ge "$G_LIMIT" ]; then
			say "the guest ran into its limit of $G_LIMIT s (--limit)"
			echo limit >>"$dir/status"
			kill -KILL "$pid"
		elif [ $((SECONDS - start)) -ge "$GUEST_BOOT_LIMIT" ] && [ -z "$(guest_said "$dir" started)" ]; then
			say "the guest did not start its script within $GUEST_BOOT_LIMIT s"
			kill -KILL "$pid"
		fi
	done
}

# boot_once DIR: one boot, with the guest's output on our own.
boot_once() {
	local dir=$1 out err out_pid err_pid pid arguments
	: >"$dir/console"
	: >"$dir/status"
	truncate -s 0 "$dir/scratch"
	truncate -s 2G "$dir/scratch"
	exec {out}> >(exec cat)
	out_pid=$!
	exec {err}> >(exec cat >&2)
	err_pid=$!
	mapfile -t arguments < <(guest_arguments "$dir" "$out" "$err")
	qemu-system-x86_64 "${arguments[@]}" >"$dir/qemu" 2>&1 </dev/null &
	pid=$!
	exec {out}>&- {err}>&-
	watch_guest "$dir" "$pid"
	wait "$pid" "$out_pid" "$err_pid" || true
}

# show_console DIR: the kernel's last words.
show_console() {
	say "the guest's kernel log (its end):"
	tail -n 80 "$1/console" | tr -d '\r' | sed 's/^/  | /' >&2
	if [ -s "$1/qemu" ]; then sed 's/^/  qemu: /' "$1/qemu" >&2; fi
}

# guest_status DIR: our exit status; says what else happened.
guest_status() {
	local dir=$1 word
	word=$(guest_said "$dir" exit)
	if [ -n "$word" ]; then
		echo "${word#exit }"
		return
	fi
	word=$(guest_said "$dir" '(refused|link-failed|boot-failed|limit)')
	case $word in
	limit) echo 124 ;;
	refused*) say "${word#refused }" && echo 77 ;;
	?*) say "$word" && echo "$GUEST_FAILED" ;;
	*) say "the guest ended without saying how its command ended" && echo "$GUEST_FAILED" ;;
	esac
}

# guest_run COMMAND...: boots a guest for COMMAND and returns its exit status.
guest_run() {
	local dir status
	dir=$(mktemp -d "$LAB_TMP/guest.XXXXXX")
	make_job "$dir/job" "$@"
	make_initrd "$dir/initrd" "$(kernel_path "$G_KERNEL")" "$dir/job"
	boot_once "$dir"
	if [ -z "$(guest_said "$dir" started)" ]; then
		show_console "$dir"
		say "the guest died before its script started; trying once more"
		boot_once "$dir"
	fi
	status=$(guest_status "$dir")
	[ -z "$G_CONSOLE" ] || tr -d '\r' <"$dir/console" >"$G_CONSOLE"
	case $status in
	0 | 77) ;;
	*) show_console "$dir" ;;
	esac
	rm -rf "$dir"
	return "$status"
}
