#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# kept.sh: for action.yml, the outputs of a step: what is kept between runs is in `build` and in the lab's cache, under `key`, which changes
# with the kernel that is asked for and with the lab and the driver; `older` is how a key begins that will do if there is none of just these.
# In the workflow's own language it cannot be said: hashFiles() sees the workspace alone, and a list of packages has commas.
set -euo pipefail

top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
kernel=$(sha256sum <<<"${RODP_KERNEL:-7}" | cut -c 1-12)
sources=$(cd "$top" && find kernel tests/lab/lib -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c 1-12)
printf 'build=%s\nkey=%s\nolder=%s\n' "$top/build" "rodp-$kernel-$sources" "rodp-$kernel-"
