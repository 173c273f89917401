# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The loss table: form=text, md or html. Input: lines "column NAME", then lines "device TYPE VERSION", and behind each the
# cells of run.sh. A kernel's table has rodp and rxe in one cell: rodp, then rxe. In text: + is ok, X failed, - skipped, . not run.

function sign(word) {
	return word == "ok" ? "+" : word == "FAIL" ? "X" : word == "skip" ? "-" : "."
}

function cell(version, row, column, memory, type) {
	return (version, row, column, memory, type) in result ? result[version, row, column, memory, type] : ""
}

function put(a, b) {
	if (form == "text")
		printf " %s%s", sign(a), sign(b)
	else if (form == "md")
		printf " %s / %s |", a == "" ? "." : a, b == "" ? "." : b
	else
		printf "<td class=%s>%s<td class=%s>%s", a == "" ? "none" : a, sign(a), b == "" ? "none" : b, sign(b)
}

function heading(version,   c, m) {
	if (form == "text") {
		printf "%-14s (pinned, on demand; each: rodp, rxe)\n%-14s", version, ""
		for (c = 1; c <= columns; c++)
			printf " %-5s", substr(name[c], 1, 5)
		printf "\n%-14s", ""
		for (c = 1; c <= columns; c++)
			printf " %-5s", substr(name[c], 6, 5)
		print ""
	} else if (form == "md") {
		printf "\n## Kernel %s\n\n| network |", version
		for (c = 1; c <= columns; c++)
			printf " %s | on demand |", name[c]
		printf "\n|---|"
		for (c = 1; c <= 2 * columns; c++)
			printf "---|"
		print ""
	} else {
		printf "<h2>Kernel %s</h2>\n<table>\n<tr><th rowspan=3>network", version
		for (c = 1; c <= columns; c++)
			printf "<th colspan=4>%s", name[c]
		printf "</tr>\n<tr>"
		for (c = 1; c <= columns; c++)
			printf "<th colspan=2>pinned<th colspan=2>on demand"
		printf "</tr>\n<tr>"
		for (c = 1; c <= 2 * columns; c++)
			printf "<th>rodp<th>rxe"
		print "</tr>"
	}
}

function begin_row(row) {
	printf form == "text" ? "%-14s" : form == "md" ? "| %s |" : "<tr><th>%s", row
}

function end_row() {
	print form == "html" ? "</tr>" : ""
}

function table(version,   r, c, m) {
	heading(version)
	for (r = 1; r <= rows; r++) {
		if (!((version, row[r]) in ran))
			continue
		begin_row(row[r])
		for (c = 1; c <= columns; c++)
			for (m = 1; m <= 2; m++)
				put(cell(version, row[r], name[c], memories[m], "rodp"), cell(version, row[r], name[c], memories[m], "rxe"))
		end_row()
	}
	if (form == "html")
		print "</table>\n<ul>"
	else
		print ""
	for (r = 1; r <= reasons[version]; r++)
		put_reason(reason[version, r])
	if (form == "html")
		print "</ul>"
}

function put_reason(text) {
	if (form == "html") {
		gsub(/&/, "\\&amp;", text)
		gsub(/</, "\\&lt;", text)
	}
	print (form == "html" ? "<li>" : form == "md" ? "* " : "") text
}

BEGIN {
	split("pinned odp", memories)
	about = "Networks that are bad in one way (rows), operations and transports over them (columns), with pinned memory and on demand. Each cell: rodp, then rxe."
	if (form == "md")
		print "# The loss table\n\n" about " See docs/testing.md."
	if (form == "html")
		print "<!DOCTYPE html>\n<meta charset=utf-8>\n<title>rodp: the loss table</title>\n" \
			"<style>body{font-family:sans-serif}table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.2em .5em;text-align:center}" \
			".ok{background:#cfc}.FAIL{background:#f99}.skip{background:#eee}</style>\n<h1>The loss table</h1>\n<p>" about
}

$1 == "column" {
	name[++columns] = $2
}

$1 == "device" {
	type = $2
	version = $3
	if (!(version in known)) {
		known[version]
		kernel[++kernels] = version
	}
}

$1 == "cell" {
	if (!($2 in row_known)) {
		row_known[$2]
		row[++rows] = $2
	}
	ran[version, $2]
	result[version, $2, $3, $4, type] = $5
	if ($5 != "ok") {
		text = $0
		sub(/^cell [^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+ /, "", text)
		reason[version, ++reasons[version]] = type " " $2 " (" $3 ", " $4 "): " ($5 == "skip" ? "skipped: " : "") text
	}
}

END {
	for (k = 1; k <= kernels; k++)
		table(kernel[k])
}
