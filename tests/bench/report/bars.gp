# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Draws bars.awk's data. Variables: bars (file), out (file), kernel (release).

set terminal pngcairo size 1400,1000 font "sans,11"
set output out
set datafile missing "-"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 border -1
set boxwidth 0.95
set yrange [0:*]
set grid ytics
set key top left
set ylabel "kernel instructions per message, thousands"
set multiplot layout 2,1 title "RDMA message cost in instructions, kernel ".kernel
do for [half = 0:1] {
	set title (half == 0 ? "4 KiB" : "64 KiB")
	plot bars index half using 2:xtic(1) title "floor" lc rgb "#888888", \
		"" index half using 3 title "rodp pinned" lc rgb "#7fb3d5", \
		"" index half using 4 title "rodp ODP" lc rgb "#1f618d", \
		"" index half using 5 title "rxe pinned" lc rgb "#f0b27a", \
		"" index half using 6 title "rxe ODP" lc rgb "#af601a"
}
unset multiplot
