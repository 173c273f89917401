# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# chart: build/bench-wall.png from table.py's data. Variables: data, image, kernel.
set terminal pngcairo noenhanced size 1200,900 font "DejaVu Sans,11"
set output image
set yrange [0:*]
set grid ytics linecolor rgb "#dddddd"
set style fill solid 0.9 noborder
set boxwidth 0.9
set bmargin 4
set key outside top center horizontal
set style data histograms
set style histogram errorbars gap 1
set errorbars linecolor rgb "#404040"
series = "'rodp pinned' 'rodp ODP' 'rxe pinned' 'rxe ODP' 'siw pinned' 'tcp' 'cma'"
colours = "#7fb3d5 #1f618d #f0b27a #af601a #7d3c98 #1e8449 #808b96"
stats data using 2 nooutput
set multiplot layout STATS_blocks,1 title "Streams and ping-pongs by the clock, kernel ".kernel
do for [block=0:STATS_blocks-1] {
	stats data index block every ::0::0 using (unit = strcol(1), 0) nooutput
	set ylabel unit.": median, least, most"
	plot for [i=1:7] data index block every ::1 using (column(3*i-1)):(column(3*i)):(column(3*i+1)):xtic(1) \
		title word(series, i) linecolor rgb word(colours, i)
	unset key
}
unset multiplot
