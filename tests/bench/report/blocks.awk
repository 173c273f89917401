# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Counters of a profiled guest with one row to "ADDRESS B INSTRUCTIONS", instructions per message, signed: the first
# window's are subtracted from the second's. Two passes would be needed for the number of messages, so it comes last.

$1 == "window" && /:/ {
	windows++
	iterations[windows] = $2
	sub(/.*:/, "", iterations[windows])
	latency = $2 ~ /^[a-z]+_lat:/
}

$1 == "block" && windows {
	insns[$3] += windows == 1 ? -$4 : $4
}

END {
	messages = (iterations[2] - iterations[1]) * (latency ? 2 : 1)
	for (address in insns)
		printf "%s B %.4f\n", address, insns[address] / messages
}
