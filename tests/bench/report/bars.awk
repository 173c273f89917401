# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Rows (rows.awk) to bars.gp's data: for each size a block that begins with "SIZE FLOOR" and goes on with lines "LABEL
# RODP-PINNED RODP-ODP RXE-PINNED RXE-ODP SIW TCP CMA", thousands of instructions, 0 where there is none. A
# stream without RDMA stands beside write_bw, a ping-pong beside write_lat.

{
	split($1, part, ":")
	size = part[2]
	sub(/^stream$/, "write_bw", part[1])
	sub(/^pingpong$/, "write_lat", part[1])
	value[part[1] ":" size ":" part[3] ":" part[4] ":" part[5]] = $2 / 1000
}

part[1] == "floor" {
	floor[size] = $2 / 1000
}

part[1] == "first_touch" {
	next
}

part[1] != "floor" {
	if (!(size in count))
		sizes[++size_count] = size
	row = part[1] ":" size ":%s:" part[4] ":%s"
	if (!(row in label))
		rows[size, ++count[size]] = row
	label[row] = part[4] "\\n" part[1]
}

END {
	for (i = 1; i <= size_count; i++)
		print_size(sizes[i])
}

function cell(row, memory, device)
{
	return value[sprintf(row, memory, device)] + 0
}

function print_size(size,    i, row)
{
	printf "\"%d KiB\" %s\n", size / 1024, floor[size]
	for (i = 1; i <= count[size]; i++) {
		row = rows[size, i]
		printf "\"%s\" %s %s %s %s %s %s %s\n", label[row], cell(row, "pinned", "rodp"), cell(row, "odp", "rodp"),
			cell(row, "pinned", "rxe"), cell(row, "odp", "rxe"), cell(row, "pinned", "siw"),
			cell(row, "copied", "tcp"), cell(row, "copied", "cma")
	}
	print "\n"
}
