#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# run: what `lab run` promises to those who call it: exit status, separate output
# streams, the shared directory, the working directory, its own time limit, the
# end of a guest that panics; and what it reports: JUnit, JSON, the kernel's log.
set -euo pipefail

lab=$(dirname "$(readlink -f "$0")")/../lab
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# expect STATUS WHAT COMMAND...
expect() {
	local want=$1 what=$2 status=0
	shift 2
	"$@" >"$dir/out" 2>"$dir/err" || status=$?
	[ "$status" -eq "$want" ] && echo "ok: $what" && return
	echo "$what: status $status instead of $want"
	cat "$dir/out" "$dir/err"
	exit 1
}

# reports FILE STATUS WORDS: a parser of XML finds one case that failed with these words, and of which versions.
reports() {
	python3 - "$@" <<'EOP' || { cat "$1" && exit 1; }
import sys
import xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot()
cases = suite.findall("testcase")
failures = suite.findall("testcase/failure")
versions = {p.get("name"): p.get("value") for p in suite.findall("properties/property")}
assert suite.get("tests") == "1" and suite.get("failures") == "1" and len(cases) == 1 and len(failures) == 1, "not one failure"
assert failures[0].get("message") == sys.argv[2], failures[0].get("message")
assert sys.argv[3] in (cases[0].get("name") + failures[0].text), "without " + sys.argv[3]
assert versions["kernel"].startswith("Linux version ") and "libibverbs1 " in versions["suite"], versions
EOP
}

expect 7 "the command's status" "$lab" run --artifacts "$dir/artifacts" --console "$dir/console" --junit "$dir/junit.xml" --share "$dir" --env WORD='two words' -- \
	bash -c "echo out; echo err >&2; echo \"\$WORD\" >'$dir/file'; echo mine >\"\$LAB_ARTIFACTS/mine\"; echo '<&>' >/dev/kmsg; exit 7"
reports "$dir/junit.xml" "exit status 7" '<&>'
python3 -c 'import json, sys; x = json.load(open(sys.argv[1])); assert x["status"] == 7 and x["kernel"].startswith("Linux version "), x' "$dir/artifacts/result.json"
grep -q '<&>' "$dir/artifacts/console.log" || { echo "the kernel's log is not among the artifacts" && exit 1; }
cmp "$dir/console" "$dir/artifacts/console.log"
grep -qx mine "$dir/artifacts/mine" || { echo "the guest cannot write among the artifacts" && exit 1; }
[ "$(cat "$dir/out")" = out ] || { echo "stdout is not the command's" && exit 1; }
grep -qx err "$dir/err" || { echo "stderr is not there" && exit 1; }
[ "$(cat "$dir/file")" = "two words" ] || { echo "the shared file is not there" && exit 1; }

expect 124 "the guest's time limit" "$lab" run --limit 15 -- sleep 1000
expect 125 "a panic" "$lab" run --junit "$dir/panic.xml" -- bash -c 'echo c >/proc/sysrq-trigger; sleep 60'
grep -q 'sysrq triggered crash' "$dir/err" || { echo "the kernel log is not shown" && exit 1; }
reports "$dir/panic.xml" "the guest died, or its link did not come up" 'sysrq triggered crash'
