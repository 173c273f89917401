# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# The cells of the matrix as a table: form=text, md or html. Input: the program's
# lines, and before each kernel's a line "kernel VERSION TOPO". In text:
# + is ok, - skipped, blank not run. Reasons follow below.

function cell(row, memory, column) {
	return (row, memory, column) in result ? result[row, memory, column] : ""
}

function flush_kernel(   r, m, c) {
	if (!rows)
		return
	begin_table()
	for (r = 1; r <= rows; r++) {
		begin_row(name[r])
		for (m = 1; m <= 2; m++)
			for (c = 1; c <= 5; c++)
				put(cell(name[r], memories[m], columns[c]))
		end_row()
	}
	end_table()
	for (r = 1; r <= reasons; r++)
		put_reason(reason[r])
	end_reasons()
	rows = reasons = 0
	delete result
	delete seen
	delete told
}

function begin_table() {
	if (form == "text") {
		printf "%-20s explicit: local        remote             implicit: local        remote\n", ""
		printf "%-20s ", kernel
		for (m = 1; m <= 2; m++)
			printf "%6s %6s %6s %6s %7s ", "read", "write", "read", "write", "atomic"
		print ""
	} else if (form == "md") {
		print "\n## Kernel " kernel "\n"
		print "| row | explicit: local read | local write | remote READ | remote WRITE | atomic | implicit: local read | local write | remote READ | remote WRITE | atomic |"
		print "|---|---|---|---|---|---|---|---|---|---|---|"
	} else {
		print "<h2>Kernel " kernel "</h2>\n<table>\n<tr><th><th colspan=5>explicit<th colspan=5>implicit</tr>"
		printf "<tr><th>row"
		for (m = 1; m <= 2; m++)
			printf "<th>local read<th>local write<th>remote READ<th>remote WRITE<th>atomic"
		print "</tr>"
	}
}

function begin_row(text) {
	if (form == "text")
		printf "%-20s ", text
	else if (form == "md")
		printf "| %s |", text
	else
		printf "<tr><th>%s", text
	placed = 0
}

function put(word) {
	placed++
	if (form == "text")
		printf placed % 5 ? "%6s " : "%7s ", word == "ok" ? "+" : word == "skip" ? "-" : word
	else if (form == "md")
		printf " %s |", word
	else
		printf "<td class=%s>%s", word == "" ? "none" : word, word
}

function end_row() {
	print form == "html" ? "</tr>" : ""
}

function end_table() {
	if (form == "html")
		print "</table>\n<ul>"
	else
		print ""
}

function put_reason(text) {
	if (form == "html") {
		gsub(/&/, "\\&amp;", text)
		gsub(/</, "\\&lt;", text)
		print "<li>" text
	} else
		print (form == "md" ? "* " : "") text
}

function end_reasons() {
	if (form == "html")
		print "</ul>"
}

BEGIN {
	split("explicit implicit", memories)
	split("local-read local-write remote-read remote-write atomic", columns)
	if (form == "md")
		print "# The coherence matrix\n\nWhat the mm does to a page (rows), and how the device touches it meanwhile (columns); see tests/coherence/README.md."
	if (form == "html")
		print "<!DOCTYPE html>\n<meta charset=utf-8>\n<title>rodp: the coherence matrix</title>\n" \
			"<style>body{font-family:sans-serif}table{border-collapse:collapse}td,th{border:1px solid #bbb;padding:.2em .6em;text-align:center}" \
			".ok{background:#cfc}.FAIL{background:#f99}.skip{background:#eee}</style>\n<h1>The coherence matrix</h1>\n" \
			"<p>What the mm does to a page (rows), and how the device touches it meanwhile (columns)."
}

$1 == "kernel" {
	flush_kernel()
	kernel = $2 ($3 == "veth" ? ", over the wire" : "")
}

$1 == "cell" {
	if (!($2 in seen)) {
		seen[$2]
		name[++rows] = $2
	}
	result[$2, $3, $4] = $5
	if ($5 != "ok") {
		text = $0
		sub(/^cell [^ ]+ [^ ]+ [^ ]+ [^ ]+ [^ ]+ /, "", text)
		if (($2, $5, text) in told)
			next
		told[$2, $5, text]
		reason[++reasons] = $2 " (" $3 ", " $4 "): " ($5 == "skip" ? "skipped: " : "") text
	}
}

END {
	flush_kernel()
}
