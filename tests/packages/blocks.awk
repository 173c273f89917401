# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# blocks: takes the fenced `sh` blocks out of a Markdown file. Of block N, counted from 101 so that
# names sort, it writes to the directory `out`
#   N.words   what stands behind `sh` on the fence
#   N.line    the line it begins at
#   N.sh      the commands
#   N.text    the `text` block that follows before the next `sh` block, if any: what the commands print
BEGIN { block = 100 }

inside && /^```[ \t]*$/ { inside = ""; next }
inside { print >file; next }

/^```sh([ \t]|$)/ {
	inside = "sh"
	block++
	file = out "/" block ".sh"
	words = $0
	sub(/^```sh[ \t]*/, "", words)
	print words >(out "/" block ".words")
	print NR >(out "/" block ".line")
	printf "" >file
	next
}
/^```text[ \t]*$/ && block > 100 {
	inside = "text"
	file = out "/" block ".text"
	next
}
/^```/ {
	inside = "other"
	file = "/dev/null"
}
