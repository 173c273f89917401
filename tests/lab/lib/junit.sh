# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# junit: results in the form that CI systems read, and the JSON of `lab run` and `lab test`: names, times, why something failed, and
# of exactly which versions.

# xml_escape: stdin, without what XML cannot have: invalid bytes and control characters are lost.
xml_escape() {
	iconv -c -f UTF-8 -t UTF-8 | tr -d '\000-\010\013\014\016-\037' | sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'
}

# xml_text TEXT: for an attribute.
xml_text() { printf '%s' "$1" | tr '\n\t' '  ' | xml_escape; }

# xml_file FILE: its end, as text.
xml_file() { tail -c 60000 "$1" 2>/dev/null | xml_escape || true; }

json_string() {
	local text=${1//\\/\\\\}
	text=${text//\"/\\\"}
	printf '"%s"' "${text//[[:cntrl:]]/ }"
}

seconds_of() { printf '%d.%03d' "$(($1 / 1000))" "$(($1 % 1000))"; }

# junit_case CLASS NAME MILLISECONDS pass|fail|skip REASON LOG
junit_case() {
	printf '  <testcase classname="%s" name="%s" time="%s">\n' "$(xml_text "$1")" "$(xml_text "$2")" "$(seconds_of "$3")"
	case $4 in
	fail) printf '    <failure message="%s">' "$(xml_text "$5")" && xml_file "$6" && printf '</failure>\n' ;;
	skip) printf '    <skipped message="%s"/>\n' "$(xml_text "$5")" ;;
	esac
	printf '  </testcase>\n'
}

# junit_suite TESTS FAILED SKIPPED MILLISECONDS "NAME VALUE"...: stdin, cases, within one suite with properties.
junit_suite() {
	local property
	printf '<?xml version="1.0" encoding="UTF-8"?>\n<testsuite name="rodp lab" tests="%d" failures="%d" errors="0" skipped="%d" time="%s">\n' \
		"$1" "$2" "$3" "$(seconds_of "$4")"
	echo '  <properties>'
	for property in "${@:5}"; do
		printf '    <property name="%s" value="%s"/>\n' "$(xml_text "${property%% *}")" "$(xml_text "${property#* }")"
	done
	echo '  </properties>'
	cat
	echo '</testsuite>'
}

# suite_exactly SUITE: what user space with RDMA it has, as Debian's versions.
suite_exactly() {
	awk -v RS= '/(^|\n)Package: (libibverbs1|perftest|iproute2)\n/ && match($0, /\nVersion: [^\n]*/) {
		split($0, line, "\n"); print substr(line[1], 10), substr($0, RSTART + 10, RLENGTH - 10) }' \
		"$(tree_path "$1")/root/var/lib/dpkg/status" 2>/dev/null | sort | paste -sd, | sed 's/,/, /g' || true
}

# rodp_exactly: of this checkout.
rodp_exactly() {
	git -C "$LAB_CHECKOUT" describe --always --dirty --abbrev=12 2>/dev/null || sed -n '1s/.*(\(.*\)).*/\1/p' "$LAB_CHECKOUT/debian/changelog"
}
