# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
# chart: build/figures.png from build/figures-*. Variables: data, image, kernel.
set terminal pngcairo noenhanced size 1400,480 font "DejaVu Sans,10"
set output image
set multiplot layout 1,3 title "On-demand paging, kernel ".kernel
set grid ytics linecolor rgb "#dddddd"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.9 noborder
set boxwidth 0.9
set yrange [0:*]
set key top left
set title "WRITE of 1 MiB, by the state of its target"
set ylabel "us, median"
plot data."-touch" using 2:xtic(1) title "rodp" linecolor rgb "#1b6ca8", \
     data."-touch" using 3 title "rxe" linecolor rgb "#b35c00"
set title "munmap() beside writes into the same region"
set ylabel "us"
plot data."-munmap" using 2:xtic(1) title "rodp" linecolor rgb "#1b6ca8", \
     data."-munmap" using 3 title "rxe" linecolor rgb "#b35c00"
set title "Evictions that hit the hot region, by who uses it"
set ylabel "%"
plot data."-evict" using 2:xtic(1) title "rodp" linecolor rgb "#1b6ca8", \
     data."-evict" using 3 title "rxe" linecolor rgb "#b35c00"
