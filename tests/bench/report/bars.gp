# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Draws bars.awk's data, one picture below the other. Variables: bars (file), sizes (number of blocks in it), devices
# (words), out (file), kernel (release).

set terminal pngcairo size 1400,100+450*sizes font "sans,11" noenhanced
set output out
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 border -1
set boxwidth 0.95
set yrange [0:*]
set grid ytics
set key top left
set ylabel "kernel instructions per message, thousands"

colour(name) = name eq "rodp pinned" ? 0x7fb3d5 : name eq "rodp ODP" ? 0x1f618d : \
	name eq "rxe pinned" ? 0xf0b27a : name eq "rxe ODP" ? 0xaf601a : 0
column_of(name) = name eq "rodp pinned" ? 2 : name eq "rodp ODP" ? 3 : name eq "rxe pinned" ? 4 : 5
names = ""
do for [device in devices] {
	names = names.sprintf(" '%s pinned' '%s ODP'", device, device)
}

set bmargin 4
set multiplot layout sizes,1 title "What a message costs, in instructions; kernel ".kernel
do for [half = 0:sizes-1] {
	stats bars index half every ::0::0 using (size = strcol(1), level = column(2)) nooutput
	set title size.": one memcpy of it costs ".sprintf("%.1f", level)." thousand (line)"
	set arrow 1 from graph 0, first level to graph 1, first level nohead front dashtype 2
	plot for [name in names] bars index half every ::1 using column_of(name):xtic(1) \
		title name linecolor rgb colour(name)
}
unset multiplot
