# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Counters of guests to rows, per message: "ROW KERNEL MODULE USER SYSCALLS". A row has windows named ROW:ITERATIONS, in
# pairs with few and with many; the difference has no set-up in it. Divided by the messages in all pairs of the row.

$1 == "window" && $2 ~ /:/ {
	row = $2
	sub(/:[0-9]+$/, "", row)
	iterations = $2
	sub(/.*:/, "", iterations)
	if (!(row in windows))
		order[++count] = row
	sign = windows[row]++ % 2 ? 1 : -1
	messages[row] += sign * iterations * messages_of(row)
	user[row] += sign * $4
	kernel[row] += sign * $6
	module[row] += sign * $8
	syscalls[row] += sign * $10
}

END {
	for (i = 1; i <= count; i++)
		print_row(order[i])
}

# An iteration of a latency test or of a ping-pong is two messages, there and back.
function messages_of(row)
{
	return row ~ /^([a-z]+_lat|pingpong):/ ? 2 : 1
}

# A row with an odd number of windows has failed on the way.
function print_row(row,    n)
{
	n = messages[row]
	if (windows[row] % 2 == 0)
		printf "%s %.1f %.1f %.1f %.3f\n", row, kernel[row] / n, module[row] / n, user[row] / n, syscalls[row] / n
}
