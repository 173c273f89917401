# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Counters of guests to rows, per message: "NAME KERNEL MODULE USER SYSCALLS". A row has two windows, NAME:FEW and
# NAME:MANY iterations; the difference, divided by the messages in it, has no set-up in it.

$1 == "window" && /:/ {
	name = $2
	sub(/:[0-9]+$/, "", name)
	iterations = $2
	sub(/.*:/, "", iterations)
	if (!(name in first)) {
		first[name] = iterations
		keep(name)
	} else
		print_row(name, messages(name) * (iterations - first[name]))
}

function keep(name)
{
	user[name] = $4
	kernel[name] = $6
	module[name] = $8
	syscalls[name] = $10
}

# An iteration of a latency test is two messages, there and back.
function messages(name)
{
	return name ~ /^[a-z]+_lat:/ ? 2 : 1
}

function print_row(name, n)
{
	printf "%s %.1f %.1f %.1f %.3f\n", name, ($6 - kernel[name]) / n, ($8 - module[name]) / n,
		($4 - user[name]) / n, ($10 - syscalls[name]) / n
}
