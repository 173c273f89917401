# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# "INSTRUCTIONS NAME MODULE", sorted, to a table. Shares are of the kernel's instructions: user space has none.

{
	line[NR] = $0
	if ($2 != "(user-space)")
		kernel += $1
}

END {
	printf "%12s %7s %7s  %-40s %s\n", "insn/message", "share", "sum", "function", "module"
	for (i = 1; i <= NR; i++) {
		split(line[i], field, " ")
		if (field[2] == "(user-space)") {
			printf "%12.1f %7s %7s  %-40s\n", field[1], "", "", field[2]
			continue
		}
		sum += field[1]
		printf "%12.1f %6.2f%% %6.2f%%  %-40s %s\n", field[1], 100 * field[1] / kernel, 100 * sum / kernel,
			field[2], field[3] == "-" ? "" : field[3]
	}
}
