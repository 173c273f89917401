#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# python.sh [DEVICE]: the Python binding as it is installed, generated from the header: its tests, over this tree's Python,
# pyverbs and a device of the test's own; or its example on DEVICE, with what a device alone can tell.
set -euo pipefail

device=${1:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -c 'import cffi, pyverbs.pd' 2>"$work/import" || { cat "$work/import" && echo "skipped: python3-cffi or python3-pyverbs is not in this tree" && exit 77; }
if [ -n "$device" ]; then # a guest is slow: without CMake
	python=$work
	cp -r libodp/python/odp "$work/odp"
	python3 libodp/python/generate.py cc libodp/odp.h "$work/odp/_raw.py"
else
	cmake -S libodp/python -B "$work/build" -DCMAKE_INSTALL_PREFIX=/usr >"$work/cmake" 2>&1 || { cat "$work/cmake" && echo "python: cmake fails" && exit 1; }
	DESTDIR=$work/root cmake --build "$work/build" --target install >"$work/cmake" 2>&1 || { cat "$work/cmake" && echo "python: it is not installed" && exit 1; }
	python=$(find "$work/root" -type d -name odp -printf '%h')
fi
[ -e "$python/odp/_raw.py" ] || { find "$work" && echo "python: there is no odp/_raw.py" && exit 1; }
export PYTHONPATH=$python LD_LIBRARY_PATH=$LAB_BUILD/lib PYTHONDONTWRITEBYTECODE=1
ODP_CFLAGS="-Ilibodp $(pkg-config --cflags libibverbs)"
export ODP_CFLAGS
if [ -n "$device" ]; then
	python3 libodp/python/examples/loopback.py "$device" "${RDMA_GID_INDEX:-0}" | tee "$work/example"
	grep -q 'keys: the same$' "$work/example"
	python3 tests/libodp/bindings/device.py "$device"
	exit 0
fi
LD_PRELOAD=$LAB_BUILD/tests/libodp/bindings/libodp_fake.so python3 tests/libodp/bindings/test_python.py
