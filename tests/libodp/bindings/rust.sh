#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# rust.sh [DEVICE]: the crate as it is installed, by this tree's cargo and bindgen and without a network: it compiles without a
# warning, also its example; its tests, and what must not compile, over a device of the test's own, or over DEVICE, then
# with the example too.
set -euo pipefail

device=${1:-}
run=()
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for program in cargo rustc bindgen; do
	command -v "$program" >"$work/found" || { echo "skipped: $program is not in this tree" && exit 77; }
done
rustc --version
bindgen --version
cmake -S libodp/rust -B "$work/build" -DCMAKE_INSTALL_PREFIX=/usr >"$work/cmake" 2>&1 || { cat "$work/cmake" && echo "rust: cmake fails" && exit 1; }
DESTDIR=$work/root cmake --install "$work/build" >"$work/cmake" 2>&1 || { cat "$work/cmake" && echo "rust: it is not installed" && exit 1; }
crate=$(find "$work/root" -name Cargo.toml -printf '%h')
[ -n "$crate" ] || { echo "rust: no Cargo.toml was installed" && exit 1; }

export LIBODP_INCLUDE=$PWD/libodp LIBODP_LIB=$LAB_BUILD/lib LD_LIBRARY_PATH=$LAB_BUILD/lib
export CARGO_HOME=$work/cargo CARGO_TARGET_DIR=$work/target RUSTFLAGS=-Dwarnings RUSTDOCFLAGS=-Dwarnings CARGO_TERM_COLOR=never
export CARGO_PROFILE_DEV_DEBUG=0 CARGO_PROFILE_TEST_DEBUG=0
if [ -n "$device" ]; then
	export ODP_TEST_DEVICE=$device
else
	run=(env "LD_PRELOAD=$LAB_BUILD/tests/libodp/bindings/libodp_fake.so")
fi
cd "$crate"
cargo test --offline --lib --tests --examples --no-run
# Not cargo itself over a device that is no other's.
for program in "$work"/target/debug/deps/fake-*[0-9a-f]; do
	[ ! -x "$program" ] || "${run[@]}" "$program"
done
if [ -n "$device" ]; then
	"$work"/target/debug/examples/loopback "$device" "${RDMA_GID_INDEX:-0}" | tee "$work/example"
	grep -q 'keys: the same$' "$work/example"
	exit 0
fi
cargo test --offline --doc
