# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Rows (rows.awk) of curves to a table that is curves.gp's data too: a block for the queue pairs and one for the regions, in
# each a line for each number, with two columns a series: thousands of instructions in the kernel a message, and how many times
# those of the smallest number. "-" is what was not measured.

BEGIN {
	series_count = split("rodp:one rodp:veth rxe:one rxe:veth", series, " ")
	print_blocks = split("qps mrs", over, " ")
	title["qps"] = "queue pairs"
	title["mrs"] = "regions"
}

$1 ~ /^(qps|mrs)=/ {
	split($1, part, ":")
	axis = substr(part[1], 1, 3)
	number = substr(part[1], 5) + 0
	if (!((axis, number) in known))
		numbers[axis, ++count[axis]] = number
	known[axis, number]
	value[axis, number, part[5] ":" part[4]] = $2 / 1000
}

END {
	for (i = 1; i <= print_blocks; i++)
		print_block(over[i])
}

function print_block(axis,    i)
{
	if (!count[axis])
		return
	if (blocks++)
		print "\n"
	print_head(axis)
	sort_numbers(axis)
	for (i = 1; i <= count[axis]; i++)
		print_line(axis, numbers[axis, i])
}

function print_head(axis,    i)
{
	printf "#%-11s", title[axis]
	for (i = 1; i <= series_count; i++)
		printf " %10s %7s", series[i], "times"
	print ""
}

function print_line(axis, number,    i)
{
	printf "%-12d", number
	for (i = 1; i <= series_count; i++)
		print_cell(axis, number, series[i])
	print ""
}

function print_cell(axis, number, name,    first)
{
	if (!((axis, number, name) in value)) {
		printf " %10s %7s", "-", "-"
		return
	}
	first = value[axis, numbers[axis, 1], name]
	printf " %10.2f %7s", value[axis, number, name], first ? sprintf("%.3f", value[axis, number, name] / first) : "-"
}

# Few numbers: the simplest sort.
function sort_numbers(axis,    i, j, swap)
{
	for (i = 2; i <= count[axis]; i++) {
		for (j = i; j > 1 && numbers[axis, j - 1] > numbers[axis, j]; j--) {
			swap = numbers[axis, j]
			numbers[axis, j] = numbers[axis, j - 1]
			numbers[axis, j - 1] = swap
		}
	}
}
