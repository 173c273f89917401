#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The sample project's tests. They want an RDMA device, whose name and GID index are in RDMA_DEV and
# RDMA_GID_INDEX, and know nothing of rodp.
set -eu

cd "$(dirname "$0")"
make --silent
./remote_write "$RDMA_DEV" "$RDMA_GID_INDEX"
echo "all tests passed"
