#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# readme.sh KERNEL: README's way without packages, word for word, in a copy of the sources as a user has it. What begins with sudo
# is done in a guest with that kernel, which has loaded no module for RDMA before (built.sh); what does not, in the tree that builds
# are made in. Both have the kernel's headers; the tree is told which, for the kernel that runs there is another.
set -euo pipefail

kernel=$1
here=$(dirname "$(readlink -f "$0")")
lab=$here/../lab/lab
dir=$PWD/build/readme-$kernel

die() { printf 'readme.sh: %s\n' "$*" >&2; exit 1; }

# block TEXT: the first block of commands after the line of README.md that begins with TEXT.
block() {
	awk -v text="$1" 'index($0, text) == 1 { found = 1 } found && /^```/ { if (on) exit; on = 1; next } on' README.md
}

# In the tree, in the copy: build COMMANDS [VARIABLE=VALUE...].
build() {
	"$lab" in-tree --kernel "$kernel" -- env -C "$dir" KDIR="/usr/src/linux-headers-$version" "${@:2}" bash -ec "$1"
}

# Where the module is to go is a package to be, or the root of another system.
check_destinations() {
	local module=lib/modules/$version/updates/rodp.ko
	build 'make -C kernel install' DESTDIR="$dir/stage"
	compgen -G "$dir/stage/$module*" >/dev/null || die "DESTDIR has got no $module"
	[ ! -e "$dir/stage/lib/modules/$version/modules.dep" ] || die "a package would bring an index of all modules"
	mkdir -p "$dir/root/lib/modules/$version"
	touch "$dir/root/lib/modules/$version"/modules.{order,builtin,builtin.modinfo}
	build 'make -C kernel install' INSTALL_MOD_PATH="$dir/root"
	grep -q '^updates/rodp.ko' "$dir/root/lib/modules/$version/modules.dep" || die "modprobe would not find the module in another root"
}

mapfile -t lines < <(block 'Without packages')
[ "${#lines[@]}" -ge 2 ] || die "README.md has no commands for those without packages"
unprivileged=$(printf '%s\n' "${lines[@]// && /$'\n'}" | grep -v '^sudo ')
device=$(block 'On a Debian 12 or 13 machine of your own' | grep '^sudo rdma link add') || die "README.md makes no device"

"$lab" in-tree --kernel "$kernel" -- true # the kernel is there
version=$("$lab" --call kernel_version "$kernel")
rm -rf "$dir"
mkdir -p "$dir"
"$lab" --call copy_sources CMakeLists.txt CMakePresets.json cmake kernel libodp providers service | tar -x -C "$dir"
build "$unprivileged"
check_destinations
headers=$("$lab" --call kernel_path "$kernel")/src
"$lab" run --kernel "$kernel" --share "$headers" -- tests/packages/built.sh "$dir" "$headers" "$device" "${lines[@]}"
