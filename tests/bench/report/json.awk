# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Rows (rows.awk) to bench.json. Variable: kernel, the kernel's release.

BEGIN {
	printf "{\"kernel\": \"%s\", \"floor\": {", kernel
}

{
	split($1, part, ":")
}

part[1] == "floor" {
	printf "%s\"%s\": %s", floors++ ? ", " : "", part[2], $2
	next
}

{
	rows[count++] = sprintf("{\"device\": \"%s\", \"topology\": \"%s\", \"test\": \"%s\", \"bytes\": %s, " \
		"\"memory\": \"%s\", \"kernel_insn\": %s, \"module_insn\": %s, \"user_insn\": %s, \"syscalls\": %s}",
		part[5], part[4], part[1], part[2], part[3], $2, $3, $4, $5)
}

END {
	printf "}, \"rows\": ["
	for (i = 0; i < count; i++)
		printf "%s\n  %s", i ? "," : "", rows[i]
	print "\n]}"
}
