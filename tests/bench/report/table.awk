# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Rows (rows.awk) to a table: kernel instructions per message, devices side by side, then what else would bring the bytes.

{
	split($1, part, ":")
}

part[1] == "floor" {
	floor[part[2]] = $2
	next
}

part[1] == "first_touch" {
	touch[part[5], part[3]] = $2
	touched[part[5]]
	next
}

{
	note_peer(part[1] ~ /^(pingpong|write_lat)$/ ? "ping-pong" : part[1] ~ /^(stream|write_bw)$/ ? "stream" : "")
}

# Peers without RDMA are in the last table only.
part[5] ~ /^(tcp|cma)$/ {
	next
}

{
	what = sprintf("%-5s %-10s %6d", part[4], part[1], part[2])
	if (!(what in bytes))
		order[count++] = what
	bytes[what] = part[2]
	kernel[what, part[5], part[3]] = $2
	module[what, part[5], part[3]] = $3
	syscalls[what, part[5], part[3]] = $5
	devices[part[5]]
}

END {
	print "Instructions in the kernel per message, thousands; in brackets those in the device's own module."
	for (size in floor)
		print "Floor, one memcpy in the kernel: " size " bytes " thousands(floor[size])
	print ""
	for (device in devices)
		print_device(device)
	if ("rodp" in devices && "rxe" in devices)
		print_comparison()
	print_peers()
	print_touches()
}

# note_peer(KIND): a cell of the last table; of rodp that with on-demand memory.
function note_peer(kind,    line)
{
	if (kind == "" || (part[5] == "rodp") != (part[3] == "odp"))
		return
	line = sprintf("%-5s %-10s %6d", part[4], kind, part[2])
	if (!(line in peer_bytes))
		peers[peer_count++] = line
	peer_bytes[line] = part[2]
	peer_cell[line, part[5]] = sprintf("%s (%.2f)", thousands($2), $5)
	others += part[5] ~ /^(siw|tcp|cma)$/
}

function print_peers(    i, j, line, names, n)
{
	if (!others)
		return
	n = split("rodp rxe siw tcp cma", names, " ")
	print "\nWhat else brings the bytes: instructions in the kernel per message, thousands; in brackets system calls."
	print "stream: write_bw of RDMA; ping-pong: write_lat; on one host TCP is over loopback, cma is process_vm_writev and a futex."
	printf "%-23s %17s %17s %17s %17s %17s %8s\n", "", "rodp ODP", "rxe pinned", "siw pinned", "tcp", "cma", "floor"
	for (i = 0; i < peer_count; i++) {
		line = peers[i]
		printf "%s", line
		for (j = 1; j <= n; j++)
			printf " %17s", (line, names[j]) in peer_cell ? peer_cell[line, names[j]] : "-"
		printf " %8s\n", thousands(floor[peer_bytes[line]])
	}
}

# A WRITE of 1 MiB by the state of its target. What being cold costs is compared with what the CPU pays for the same.
function print_touches(    device)
{
	for (device in touched) {
		if (header++ == 0)
			printf "\n%-23s %10s %10s %10s %10s %10s %10s %10s\n", "first touch of 1 MiB", "pinned", "warm", "cold",
				"prefetched", "CPU", "cold/CPU", "pref/pin"
		printf "%-23s", device
		print_touch(device, "pinned")
		print_touch(device, "warm")
		print_touch(device, "cold")
		print_touch(device, "prefetched")
		print_touch(device, "cpu")
		print ratio(touch[device, "cold"] - touch[device, "warm"], touch[device, "cpu"]),
			ratio(touch[device, "prefetched"], touch[device, "pinned"])
	}
	if (header)
		print "cold/CPU: (cold - warm) / the CPU's own first touch; pref/pin: prefetched / pinned"
}

function print_touch(device, state)
{
	printf " %10s", (device, state) in touch ? thousands(touch[device, state]) : "-"
}

function thousands(insns)
{
	return sprintf("%.2f", insns / 1000)
}

function cell(what, device, memory)
{
	if (!((what, device, memory) in kernel))
		return sprintf("%18s", "-")
	return sprintf("%8s (%7s)", thousands(kernel[what, device, memory]), thousands(module[what, device, memory]))
}

function ratio(a, b)
{
	return a && b ? sprintf("%10.3f", a / b) : sprintf("%10s", "-")
}

# System calls of a message, with pinned memory and on demand.
function calls(what, device,    text)
{
	text = call(what, device, "pinned") " " call(what, device, "odp")
	return sprintf("%14s", text)
}

function call(what, device, memory)
{
	return (what, device, memory) in syscalls ? sprintf("%.3f", syscalls[what, device, memory]) : "-"
}

function print_device(device,    i, what)
{
	printf "%-23s %18s %18s %10s %10s %14s\n", device, "pinned", "ODP", "ODP/pinned", "ODP/floor", "system calls"
	for (i = 0; i < count; i++) {
		what = order[i]
		if (!((what, device, "pinned") in kernel || (what, device, "odp") in kernel))
			continue
		print what, cell(what, device, "pinned"), cell(what, device, "odp"),
			ratio(kernel[what, device, "odp"], kernel[what, device, "pinned"]),
			ratio(kernel[what, device, "odp"], floor[bytes[what]]), calls(what, device)
	}
	print ""
}

function print_comparison(    i, what)
{
	printf "%-23s %10s %10s\n", "rodp/rxe", "pinned", "ODP"
	for (i = 0; i < count; i++) {
		what = order[i]
		print what, ratio(kernel[what, "rodp", "pinned"], kernel[what, "rxe", "pinned"]),
			ratio(kernel[what, "rodp", "odp"], kernel[what, "rxe", "odp"])
	}
}
