# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# chart: build/demo.png from build/demo.dat. Variables: data, image, kernel.
set terminal pngcairo noenhanced size 1000,560 font "DejaVu Sans,11"
set output image
set title "64 KiB messages over veth, kernel ".kernel
set ylabel "MiB/s"
set yrange [0:*]
set grid ytics linecolor rgb "#dddddd"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set key outside top center horizontal
set boxwidth 0.9
plot data using 2:xtic(1) title "rodp pinned" linecolor rgb "#1b6ca8", \
     data using 3 title "rodp ODP" linecolor rgb "#6fb1e0", \
     data using 4 title "rxe pinned" linecolor rgb "#b35c00", \
     data using 5 title "rxe ODP" linecolor rgb "#f0b067"
