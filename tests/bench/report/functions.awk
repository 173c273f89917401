# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# "ADDRESS S NAME [MODULE]" and "ADDRESS B INSTRUCTIONS", sorted by address, to "INSTRUCTIONS NAME MODULE".

$2 == "S" {
	name = $3 " " ($4 ? $4 : "-")
}

$2 == "B" {
	sum[$1 < "8" ? "(user-space) -" : name] += $3
}

END {
	for (name in sum)
		printf "%.1f %s\n", sum[name], name
}
