#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# Every source file says under which licence it is, in its first three lines.
set -euo pipefail

cd "$(dirname "$(readlink -f "$0")")/../../.."
bad=0
while read -r file; do
	grep -aq 'SPDX-License-Identifier:' < <(head -n 3 "$file") && continue
	echo "no SPDX line: $file"
	bad=1
done < <(find . \( -path ./build -o -path './build-*' -o -path ./.git -o -path ./LICENSES \) -prune -o -type f \
	! -path ./debian/changelog ! -path ./debian/source/format ! -name '*.json' ! -name '*.png' ! -name '*.patch' ! -name series ! -name .git ! -name .gitignore ! -name '*.hex' ! -name '*.pcap' -print)
exit "$bad"
