# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Draws curves.awk's data, one picture below the other. Variables: curves (file), out (file), kernel (release).

stats curves using 1 nooutput
blocks = STATS_blocks
set terminal pngcairo noenhanced size 1000,60+420*blocks font "DejaVu Sans,11"
set output out
set datafile missing "-"
set logscale x
set yrange [0:*]
set grid linecolor rgb "#dddddd"
set key outside right top
set ylabel "kernel instructions a WRITE of 4 KiB, thousands"
series = "'rodp, one host' 'rodp, veth' 'rxe, one host' 'rxe, veth'"
colours = "#1b6ca8 #6fb1e0 #b35c00 #f0b067"
axis(i) = blocks == 1 ? "queue pairs or regions" : i == 0 ? "queue pairs" : "regions"
set multiplot layout blocks,1 title "What many queue pairs and regions cost, kernel ".kernel
do for [i=0:blocks-1] {
	set xlabel axis(i)
	plot for [k=1:4] curves index i using 1:(column(2*k)) title word(series, k) \
		with linespoints linewidth 2 pointtype 7 linecolor rgb word(colours, k)
}
unset multiplot
