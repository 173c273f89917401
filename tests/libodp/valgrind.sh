#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# valgrind.sh PROGRAM [OPTION...]: a test of libodp under valgrind: no access to memory that is not its own or was
# never written, no leak (of blocks of which only an address in their middle is kept, as libnl does, it cannot tell).
# What a device writes valgrind cannot see: the rings that are mapped from the driver are defined from the start, and
# so is what the program itself has cleared.
set -euo pipefail

command -v valgrind >/dev/null || { echo "valgrind is not in this tree" && exit 77; }
exec valgrind --quiet --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite --show-leak-kinds=definite \
	--num-callers=20 --fair-sched=yes "$@"
