#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# ibverbs: what is built with a libibverbs of this or that release. The library is the one that is installed, of provider
# ABI 34; the release is what pkg-config is made to say.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

fail() {
	cat "$dir/out"
	echo "ibverbs: $*"
	exit 1
}

# configure NAME VERSION [OPTION...]: in $dir/NAME, its words in $dir/out.
configure() {
	mkdir -p "$dir/pc-$2"
	sed "s/^Version:.*/Version: $2/" "$(pkg-config --variable=pcfiledir libibverbs)/libibverbs.pc" >"$dir/pc-$2/libibverbs.pc"
	PKG_CONFIG_PATH=$dir/pc-$2 cmake -S . -B "$dir/$1" -G Ninja -DBUILD_TESTING=OFF "${@:3}" >"$dir/out" 2>&1
}

# builds NAME FILE: there is a rule for it.
builds() {
	grep -q "^lib/$2: " < <(ninja -C "$dir/$1" -t targets all)
}

# says WORDS: cmake breaks lines as it likes.
says() {
	grep -qF -- "$1" < <(tr -s ' \n' ' ' <"$dir/out") || fail "cmake does not say: $1"
}

newest=$(awk '/^[0-9]/ { last = $2 } END { print last }' providers/rodp/layout/releases.list)

configure between 1.14.50.0 "-DRODP_LAYOUTS=40;65" || fail "release 50 is refused"
says "Provider for rdma-core 50, provider ABI 34"
builds between librodp-rdmav34.so || fail "no provider for release 50"
says "Providers for other libraries: rdma-core 39-43/34, 65-65/65"
builds between providers/39-43/librodp-rdmav34.so || fail "no provider for release 40"
builds between providers/65-65/librodp-rdmav65.so || fail "no provider for release 65"
! builds between 'providers/44-44/.*' || fail "a provider for a release that was not named"
ninja -C "$dir/between" rodp-rdmav34 >"$dir/out" 2>&1 || fail "the provider for release 50 does not build"
ninja -C "$dir/between" providers/39-43/all providers/65-65/all >"$dir/out" 2>&1 || fail "the providers for 40 and 65 do not build with other headers"

configure unknown 1.14.99.0 || fail "release 99 is refused"
says "The provider is left out; libodp and odpctl are built. libibverbs 1.14.99.0 is of rdma-core '99' with provider ABI '34'"
says "39-43/34, 44-44/34, 45-53/34, 54-56/34, 57-58/57"
says "-DRODP_AS_RELEASE=$newest builds it"
! builds unknown 'librodp.*' || fail "a provider for release 99"
ninja -C "$dir/unknown" >"$dir/out" 2>&1 || fail "libodp and odpctl do not build for release 99"
DESTDIR=$dir/root ninja -C "$dir/unknown" install >"$dir/out" 2>&1 || fail "they do not install"
for file in bin/odpctl lib/libodp.so.1; do
	[ -e "$dir/root/usr/local/$file" ] || fail "$file is missing"
done
[ -z "$(find "$dir/root" -name 'librodp*' -o -name rodp.driver)" ] || fail "something of the provider is installed"

configure forced 1.14.99.0 -DRODP_AS_RELEASE=56 || fail "release 99 is refused when it is said what it is like"
says "Provider for rdma-core 99, provider ABI 34, taken for one of rdma-core 56, as you say"
builds forced librodp-rdmav34.so || fail "-DRODP_AS_RELEASE=56 does not build the provider"
! configure other 1.14.99.0 -DRODP_AS_RELEASE=66 || fail "a release is like one that nobody knows"
says "RODP_AS_RELEASE=66: known are 39 to $newest"
! configure others 1.14.56.0 -DRODP_LAYOUTS=66 || fail "a provider for a release that nobody knows"
says "nothing is known of rdma-core 66"
! configure others 1.14.56.0 -DRODP_LAYOUTS=newest || fail "a provider for a release that is no number"
says "nothing is known of rdma-core newest"

configure strange 7 || fail "a version that says no release is refused"
! builds strange 'librodp.*' || fail "a provider for nobody knows which release"
! configure old 1.8.28.0 || fail "release 28, whose verbs.h lacks what libodp needs, is taken"
says "libodp needs 32 or newer"
echo "the provider is for the releases that are known, libodp and odpctl for any"
