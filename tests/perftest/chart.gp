# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# chart: docs/perftest.png from what page.py wrote. Variables: data, image.
set terminal pngcairo noenhanced size 1100,440 font "DejaVu Sans,10"
set output image
set multiplot layout 1,2 title "ib_read_lat, median of 1000 READs of 2 bytes, us, logarithmic; two processes in one emulated guest"
set grid ytics linecolor rgb "#dddddd"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set boxwidth 0.9
set logscale y
set yrange [1:*]
set key top left
set datafile missing "-"
set title "The reader drops its pages: --odp_invalidate=N"
plot data."-invalidate" using 2:xtic(1) title "rodp" linecolor rgb "#1b6ca8", \
     data."-invalidate" using 3 title "rxe" linecolor rgb "#b35c00"
set title "A walk through 8 MiB: --odp_region=8M"
plot data."-walk" using 2:xtic(1) title "rodp" linecolor rgb "#1b6ca8", \
     data."-walk" using 3 title "rxe" linecolor rgb "#b35c00"
