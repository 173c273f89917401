# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# chart: build/demo.png from build/demo.dat. Variables: data, image, kernel. The lower picture is there if
# instructions were counted: then data has a second block.
stats data using 2 nooutput
counted = STATS_blocks > 1
set terminal pngcairo noenhanced size 1000,(counted ? 900 : 560) font "DejaVu Sans,11"
set output image
set yrange [0:*]
set grid ytics linecolor rgb "#dddddd"
set style fill solid 0.9 noborder
set key outside top center horizontal
set boxwidth 0.9
series = "'rodp pinned' 'rodp ODP' 'rxe pinned' 'rxe ODP'"
colours = "#1b6ca8 #6fb1e0 #b35c00 #f0b067"
set multiplot layout (counted ? 2 : 1),1
set title "64 KiB messages over veth, kernel ".kernel
set ylabel "MiB/s: median, least, most"
set style data histograms
set style histogram errorbars gap 1
set errorbars linecolor rgb "#404040"
plot for [i=1:4] data index 0 using (column(3*i-1)):(column(3*i)):(column(3*i+1)):xtic(1) \
	title word(series, i) linecolor rgb word(colours, i)
if (counted) {
	unset title
	unset key
	set ylabel "kernel instructions a byte"
	set style histogram clustered gap 1
	plot for [i=1:4] data index 1 using (column(i+1)):xtic(1) title word(series, i) linecolor rgb word(colours, i)
}
unset multiplot
