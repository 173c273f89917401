#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# lifecycle.sh KERNEL: in a clean Debian of that kernel's release the packages are installed, upgraded,
# removed and purged. Builds a second revision of them, which differs in its version only.
set -euo pipefail

kernel=$1
lab=$(dirname "$(readlink -f "$0")")/../lab/lab
suite=$("$lab" --call kernel_suite "$kernel")
version=$("$lab" --call kernel_version "$kernel")
dir=build/packages/$suite

"$lab" package --suite "$suite"
"$lab" --call need_tree "$suite" clean
"$lab" --call build_packages "$suite" +next "$PWD/$dir/next"
mkdir -p build/packages/over
over=$(mktemp -d "$PWD/build/packages/over/lifecycle.XXXXXX")
trap 'rm -rf --one-file-system "$over" "$over.work"' EXIT
"$lab" --call in_changed_tree "$over" "$suite" clean "$kernel" tests/packages/life.sh "$version" "$dir" "$dir/next"
