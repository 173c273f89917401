#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# container: odpctl doctor --container in root directories that are made up: what it says of one that lacks the provider, of one that has
# it, and of those whose owner wants to lead it astray: links to files of this host, pipes, names that a shell would carry out.
set -euo pipefail

odpctl=${ODPCTL:-$LAB_BUILD/bin/odpctl}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
root=$dir/root libs=usr/lib/x86_64-linux-gnu

fail() {
	cat "$dir/out"
	echo "container: $*"
	exit 1
}

# look ROOT: true if nothing is missing.
look() { timeout 20 "$odpctl" doctor --container "$1" --providers "$dir/providers" >"$dir/out" 2>&1; }

# lacks ROOT WORDS
lacks() {
	local status=0
	look "$1" || status=$?
	[ "$status" -eq 1 ] || fail "status $status, not 1"
	grep -qF -- "$2" "$dir/out" || fail "doctor does not say: $2"
}

# library FILE: what doctor looks for in a libibverbs of ABI 34.
library() {
	mkdir -p "${1%/*}"
	echo "a library verbs_register_driver_34 IBVERBS_1.14" >"$1"
}

new_root() {
	rm -rf "$root"
	library "$root/$libs/libibverbs.so.1.14.50.0"
	echo GLIBC_2.9 GLIBC_2.36 >"$root/$libs/libc.so.6"
}

mkdir -p "$dir/providers/45-53"
printf '# releases\n39 43 34\n45 53 34\n' >"$dir/providers/releases.list"
echo GLIBC_2.34 >"$dir/providers/45-53/librodp-rdmav34.so"
echo "driver rodp" >"$dir/providers/rodp.driver"
provider=$dir/providers/45-53/librodp-rdmav34.so

new_root
lacks "$root" "docker run --device=/dev/infiniband -v $provider:/$libs/libibverbs/librodp-rdmav34.so:ro"
grep -q "of rdma-core 50, provider ABI 34" "$dir/out" || fail "not the container's release"
! "$odpctl" doctor --json --container "$root" --providers "$dir/providers" >"$dir/out" || fail "nothing is missing for programs"
python3 -c 'import json, sys; all = json.load(sys.stdin); assert [one["finding"] for one in all] == ["ok"] * 4 + ["MISSING"] and "docker run" in all[4]["mend"]' \
	<"$dir/out" || fail "not what it says to people"
mkdir -p "$root/$libs/libibverbs" "$root/etc/libibverbs.d"
cp "$provider" "$root/$libs/libibverbs/"
cp "$dir/providers/rodp.driver" "$root/etc/libibverbs.d/"
look "$root" || fail "something is missing where all is there"
echo more >>"$root/$libs/libibverbs/librodp-rdmav34.so"
lacks "$root" "docker run"

new_root
echo GLIBC_2.31 >"$root/$libs/libc.so.6"
lacks "$root" "its glibc is 2.31, and the provider wants 2.34"
rm "$root/$libs/libc.so.6"
lacks "$root" "its C library is not glibc"
mv "$root/$libs/libibverbs.so.1.14.50.0" "$root/$libs/libibverbs.so.1.14.44.0"
lacks "$root" "nothing is known of rdma-core 44 with provider ABI 34"
lacks "$dir/nowhere" "No such file or directory"
lacks 4194999 "No such file or directory" # more than the number of any process

# Links lead where the container's programs get to, never to this host.
new_root
library "$dir/host/libibverbs.so.1.14.50.0"
rm "$root/$libs/libibverbs.so.1.14.50.0"
ln -s "$dir/host" "$root/usr/lib/x-linux-host"
ln -s "$dir/host/libibverbs.so.1.14.50.0" "$root/$libs/libibverbs.so.1.14.51.0"
ln -s ../../../../../../../../../../.."$dir/host/libibverbs.so.1.14.50.0" "$root/$libs/libibverbs.so.1.14.52.0"
lacks "$root" "install libibverbs1"
library "$root/lib64/libibverbs.so.1.14.50.0"
ln -s /lib64 "$root/usr/lib64"
echo GLIBC_2.36 >"$root/lib64/libc.so.6"
lacks "$root" "$provider:/usr/lib64/libibverbs/librodp-rdmav34.so:ro"

# What would wait, and what would be carried out where the command is pasted.
new_root
rm "$root/$libs/libibverbs.so.1.14.50.0"
mkfifo "$root/$libs/libibverbs.so.1.14.50.0"
# shellcheck disable=SC2016 # a name
evil='x-linux-$(touch x);&'
library "$root/usr/lib/$evil/libibverbs.so.1.14.50.0"
lacks "$root" "install libibverbs1"
echo "doctor stays in the container, and says what it lacks"
