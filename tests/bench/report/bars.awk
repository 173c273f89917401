# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Rows (rows.awk) to bars.gp's data: a block for each size of "LABEL RODP-PINNED RODP-ODP RXE-PINNED RXE-ODP" in
# thousands, "-" where there is none. The floor is a label of its own in the first column.

{
	split($1, part, ":")
}

part[1] == "floor" {
	floor[part[2]] = $2 / 1000
	next
}

{
	label = part[4] "\\n" part[1]
	if (!((part[2], label) in seen)) {
		seen[part[2], label]
		labels[part[2], ++count[part[2]]] = label
	}
	value[part[2], label, part[5], part[3]] = $2 / 1000
}

END {
	print_size(4096)
	print "\n"
	print_size(65536)
}

function cell(size, label, device, memory)
{
	return (size, label, device, memory) in value ? value[size, label, device, memory] : "-"
}

function print_size(size,    i, label)
{
	printf "\"floor\\n(memcpy)\" %s - - - -\n", size in floor ? floor[size] : "-"
	for (i = 1; i <= count[size]; i++) {
		label = labels[size, i]
		printf "\"%s\" - %s %s %s %s\n", label, cell(size, label, "rodp", "pinned"), cell(size, label, "rodp", "odp"),
			cell(size, label, "rxe", "pinned"), cell(size, label, "rxe", "odp")
	}
}
