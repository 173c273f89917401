# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Draws bars.awk's data, one picture below the other. Variables: bars (file), sizes (number of blocks in it), out
# (file), kernel (release).

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

# The columns, their names and colours.
series = "'rodp pinned' 'rodp ODP' 'rxe pinned' 'rxe ODP' 'siw pinned' 'tcp' 'cma'"
colours = "#7fb3d5 #1f618d #f0b27a #af601a #7d3c98 #1e8449 #808b96"

set bmargin 4
set multiplot layout sizes,1 title "What a message costs, in instructions; kernel ".kernel
do for [half = 0:sizes-1] {
	stats bars index half every ::0::0 using (size = strcol(1), level = column(2)) nooutput
	set title size.": one memcpy of it costs ".sprintf("%.1f", level)." thousand (line)"
	set arrow 1 from graph 0, first level to graph 1, first level nohead front dashtype 2
	plot for [i=1:words(series)] bars index half every ::1 using i+1:xtic(1) \
		title word(series, i) linecolor rgb word(colours, i)
}
unset multiplot
