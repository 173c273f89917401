#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# demo: `lab demo` measures all devices and memories of a test before the next test, each round in another order, verifies data, and
# counts instructions.
set -euo pipefail

lab=$(dirname "$(readlink -f "$0")")/../lab
rounds=2
"$lab" demo --rounds "$rounds" --kernel 7
python3 - "$rounds" <<'EOT2'
import itertools
import json
import sys

rounds = int(sys.argv[1])
ways = {(device, memory) for device in ("rodp", "rxe") for memory in ("pinned", "odp")}
lines = [line.split("\t") for line in open("build/demo.tsv", encoding="utf-8")]
measured = [(test, (device, memory)) for device, memory, test, _, _ in lines if test != "verify"]
groups = [[way for _, way in group] for _, group in itertools.groupby(measured, lambda pair: pair[0])]
assert len(groups) == 4 * rounds, f"{len(groups)} groups of runs of one test, not {4 * rounds}: not interleaved"
assert all(set(group) == ways and len(group) == len(ways) for group in groups), groups
assert len({tuple(group) for group in groups}) == rounds, "each round has the same order"
demo = json.load(open("build/demo.json", encoding="utf-8"))
assert all(entry["ok"] for entry in demo["verified"]) and len(demo["verified"]) == len(ways), demo["verified"]
assert all(len(row["rounds"]) == rounds and row["least"] <= row["mib_per_s"] <= row["most"] for row in demo["rows"]), demo
if demo["uncounted"]:
    print("demo: not counted:", demo["uncounted"])
    sys.exit(0)
counted = {(row["device"], row["memory"], row["test"]): row["kernel_insn_per_byte"] for row in demo["rows"]}
for (device, memory, test), insn in counted.items():
    assert test == "pingpong" and insn is None or 0.1 < insn < 20, (device, memory, test, insn)
EOT2
echo "the demo interleaves, verifies and counts"
