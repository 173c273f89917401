#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# odpctl record and report of a program whose paging is known: its faults and waits are there, whose they are and of which
# memory, and who took a page away. Left in build/odpctl: the recording, the page.
set -euo pipefail

odpctl=$LAB_BUILD/bin/odpctl

fail() {
	echo "record: $*"
	exit 1
}

# shellcheck source=SCRIPTDIR/common/holder.sh
. "$(dirname "$0")/common/holder.sh"

mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing
"$odpctl" record --output "$work/trace" --buffer 4 >"$work/record" 2>&1 &
recorder=$!
pids+=("$recorder")
instance=/sys/kernel/tracing/instances/odpctl-$recorder
until_true "recording does not begin" grep -q 1 "$instance/events/rodp/enable"
start_holder
for _ in {1..10}; do
	kill -USR1 "$holder"
	sleep 0.2
done
sleep 1.5 # what is mapped is looked at once a second
kill "$recorder"
wait "$recorder" || { cat "$work/record" && fail "odpctl record failed"; }
cat "$work/record"
[ ! -e "$instance" ] || fail "the trace instance is left behind"
[ "$(stat -c %a "$work/trace")" = 600 ] || fail "others may read the recording"

"$odpctl" report --output "$work/page.html" --perfetto "$work/trace.json" "$work/trace"
mkdir -p build/odpctl
cp "$work/trace" build/odpctl/odp.trace
cp "$work/page.html" build/odpctl/report.html
python3 - "$work/page.html" "$holder" 2>"$work/why" <<-'EOT' || { grep -v '^#area' "$work/trace" | sed -n 1,30p; cat "$work/why"; fail "the page says something else"; }
	import json, re, sys
	x = json.loads(re.search(r'id="data">(.*?)</script>', open(sys.argv[1]).read(), re.S).group(1))
	holder = sys.argv[2]
	def expect(is_so, what):
	    if not is_so:
	        sys.exit(f"{json.dumps({k: x[k] for k in x if not isinstance(x[k], list) or len(x[k]) < 20})[:3000]}\nnot so: {what}")
	expect(x["lost"] == 0 and x["left_out"] == 0, "nothing is lost")
	expect(x["faults"] >= 3 and x["waits_all"] >= 3, "faults and waits")
	expect(all(w["s"] is None or w["s"] > 0 for w in x["waits"]), "how long")
	expect(sum(f["pages"] for f in x["faulters"]) >= 48, "48 pages were faulted in")
	expect(any("anonymous memory" in f["name"] for f in x["faulters"]), "of anonymous memory")
	expect(any("libodp_holder" in i["name"] for i in x["invalidators"]), "the program itself takes a page away")
	expect(x["worst"] and "pages of" in x["worst"][0]["cause"], "a cause")
	expect(max(max(h["present"]) for h in x["heat"]) >= 40, "what was present")
EOT
python3 -c 'import json, sys; sys.exit(not json.load(open(sys.argv[1]))["traceEvents"])' "$work/trace.json" || fail "no trace for Perfetto"

# It ends by itself, and leaves nothing where it cannot write.
timeout 20 "$odpctl" record --output "$work/short" --seconds 1 || fail "it does not end after a second"
! "$odpctl" record --output "$work" --seconds 1 2>"$work/err" || fail "a recording in place of a directory"
[ -z "$(ls /sys/kernel/tracing/instances)" ] || fail "a trace instance is left behind"
echo "record: as expected"
