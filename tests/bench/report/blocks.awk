# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Counters of a profiled guest with one row to "ADDRESS B INSTRUCTIONS", instructions per message. Windows come in pairs,
# as in rows.awk: the first of a pair is subtracted.

$1 == "window" {
	counted = $2 ~ /:/
	if (!counted)
		next
	sign = windows++ % 2 ? 1 : -1
	iterations = $2
	sub(/.*:/, "", iterations)
	messages += sign * iterations * ($2 ~ /^([a-z]+_lat|pingpong):/ ? 2 : 1)
}

$1 == "block" && counted {
	insns[$3] += sign * $4
}

END {
	for (address in insns)
		printf "%s B %.4f\n", address, insns[address] / messages
}
