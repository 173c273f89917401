#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# record: runs the examples of docs/perftest.md on rodp and on rxe and puts their output and
# the chart into docs/. perftest-patches/check has built the programs.
set -euo pipefail

CHECKOUT=$(cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.." && pwd)
OUT=$CHECKOUT/build/perftest
ROOM=$CHECKOUT/tests/perftest

lab() { "$CHECKOUT/tests/lab/lab" "$@"; }

mkdir -p "$OUT"
for link in rodp rxe; do
	lab run --kernel 7 --link "$link" --limit 900 -- "$ROOM/record.py" "$OUT/record-$link.json"
done
lab in-tree --kernel 7 -- python3 "$ROOM/page.py" "$CHECKOUT/docs/perftest.md" "$OUT/chart" "$OUT"/record-{rodp,rxe}.json
lab in-tree --kernel 7 -- gnuplot -e "data='$OUT/chart'; image='$CHECKOUT/docs/perftest.png'" "$ROOM/chart.gp"
echo "written: docs/perftest.md, docs/perftest.png"
