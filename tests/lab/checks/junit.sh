#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# junit: a parser of XML reads what the lab writes, whatever commands, reasons and outputs have in them.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# shellcheck source=/dev/null
. tests/lab/lib/junit.sh

printf 'a<b>&"c\033[31m\001\377 \xc3\xa4\n' >"$dir/log"
{
	junit_case 'c<l' $'n & "x" <y>\tz' 1234 fail $'r <&>\n"q"' "$dir/log"
	junit_case a b 5 skip 'why <not>' /nonexistent
	junit_case a c 5 pass '' /nonexistent
} | junit_suite 3 1 1 1244 'kernel Linux <7> & "x"' >"$dir/junit.xml"

python3 - "$dir/junit.xml" <<'EOP'
import sys
import xml.etree.ElementTree as tree
suite = tree.parse(sys.argv[1]).getroot()
assert (suite.get("tests"), suite.get("failures"), suite.get("skipped"), suite.get("time")) == ("3", "1", "1", "1.244"), suite.attrib
assert suite.find("properties/property").get("value") == 'Linux <7> & "x"'
failed, skipped, passed = suite.findall("testcase")
assert (failed.get("classname"), failed.get("name"), failed.get("time")) == ("c<l", 'n & "x" <y> z', "1.234"), failed.attrib
assert failed.find("failure").get("message") == 'r <&> "q"' and failed.find("failure").text == 'a<b>&"c[31m \xe4\n'
assert skipped.find("skipped").get("message") == "why <not>" and not list(passed)
EOP
echo "what is strange in a name or an output is still XML"
