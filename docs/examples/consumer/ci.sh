#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# What the sample project's CI calls: its tests, in a virtual machine with an RDMA device. RODP is
# the directory of a rodp source tree; arguments go to `lab run`, as in: ci.sh --kernel 6.1 --suite bookworm
set -eu

cd "$(dirname "$0")"
exec "${RODP:?is not set: the directory of a rodp source tree}/tests/lab/lab" run --link rodp --share "$PWD" "$@" -- ./test.sh
