#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# odprun over a kernel of the test's own (odprun/kernel.h): what it turns, what it leaves, what it says of that, and the
# ways in which it is called.
set -euo pipefail

odprun=$LAB_BUILD/bin/odprun
client=$LAB_BUILD/tests/libodp/odprun/odprun_client
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
	[ ! -e "$work/out" ] || cat "$work/out"
	echo "odprun: $*"
	exit 1
}

# ends STATUS COMMAND...: its words in $work/out.
ends() {
	local status=$1 is=0
	shift
	"$@" >"$work/out" 2>&1 || is=$?
	[ "$is" -eq "$status" ] || fail "status $is, not $status: $*"
}

says() {
	grep -qE -- "$1" "$work/out" || fail "it does not say: $1"
}

ends 42 "$odprun" --json --report="$work/report" "$client"
python3 - "$work/report" <<-'EOT' || fail "the report is wrong"
	import json, sys
	x = json.load(open(sys.argv[1]))
	regions = {r["fate"]: (r["regions"], r["bytes"]) for r in x["registrations"]}
	L = 8192
	expected = {
	    "asked for by the program": (1 + 2, 2 * L),
	    "turned": (3 + 2 + 5000 + 1, L + 100 + 1 + 2 * L + 5000 * L + L),
	    "device without on-demand paging": (1, 3 * L),
	    "operation that the device cannot do on demand": (1, L),
	    "huge pages": (1 + 2, 3 * L),
	    "persistent memory": (1, L),
	    "not mapped": (2, 3 * L),
	    "refused by the kernel": (1, L),
	    "dma-buf": (1, 100),
	    "failed": (1, L),
	}
	if regions != expected:
	    sys.exit(f"{regions}\nis not\n{expected}")
	# What went with a process is no part of what there is later.
	if (x["status"], x["processes"], x["pinned_most"], x["would_be_pinned_most"]) != (42, 4, 3 * L, 5000 * L):
	    sys.exit(str(x))
EOT

ends 42 "$odprun" --report "$client"
says "^odprun: .*odprun_client: status 42, 4 processes with RDMA memory"
says '^  on demand +5006 regions, 39 MiB: turned'
says '^  at most 24 KiB pinned at a time; it would have been 39 MiB'
ends 42 "$odprun" "$client"
[ ! -s "$work/out" ] || fail "it talks without being asked"
# Over UD this device can nothing: all stays pinned, which is not what the program expects.
ends 1 "$odprun" -t rc,ud "$client"
says 'not so: one && turned'
ends 1 "$client"

# Options after the program's name are the program's; its status is odprun's, a signal too.
ends 0 "$odprun" -r"$work/report" echo --version -r
says '^--version -r$'
ends 3 "$odprun" -r sh -c 'exit 3'
# shellcheck disable=SC2016 # for the shell that is run
ends 143 "$odprun" -r sh -c 'kill $$'
ends 127 "$odprun" -r "$work/nothing"
ends 127 "$odprun" "$work/nothing"
ends 126 "$odprun" "$work"
ends 2 "$odprun"
ends 2 "$odprun" -t tcp true
ends 0 "$odprun" --version
says '^odprun [0-9]'
ends 0 "$odprun" --help
says '^ +-t, --transports=LIST'
ends 1 "$odprun" -r/dev/full true
says '^odprun: /dev/full: No space left'
# A file that is not odprun's counts is left alone, whatever the environment says.
head -c 4096 /dev/zero >"$work/other"
cp "$work/other" "$work/before"
ends 42 env LD_PRELOAD="$LAB_BUILD/lib/libodprun.so" ODPRUN_COUNTS="$work/other" "$client"
cmp "$work/other" "$work/before" || fail "it wrote to a file of others"
# Others that stand in front of the libraries stay there.
# shellcheck disable=SC2016
ends 0 env LD_PRELOAD="$LAB_BUILD/tests/libodp/odprun/libodprun_kernel.so" "$odprun" sh -c 'echo "$LD_PRELOAD"'
says 'libodprun.so:.*libodprun_kernel.so$'
echo "odprun: as expected"
