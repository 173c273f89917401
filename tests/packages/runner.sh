#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR Linux-OpenIB
#
# runner: doc.sh judges documents that are made to fail, each in its own way, and one that is right.
set -euo pipefail

doc=$(dirname "$(readlink -f "$0")")/doc.sh
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

# expect STATUS WORDS-IN-THE-OUTPUT WHAT: of the document on stdin.
expect() {
	local status=0
	cat >"$dir/doc.md"
	DOC_LIMIT=${limit:-50} "$doc" "$dir/doc.md" >"$dir/out" 2>&1 || status=$?
	if [ "$status" -ne "$1" ] || ! grep -qF -- "$2" "$dir/out"; then
		echo "$3: status $status, wanted $1 and '$2' in:"
		cat "$dir/out"
		exit 1
	fi
	echo "ok: $3"
}

expect 0 'doc.md: 3 blocks' "what is right passes; variables last, a server is waited for" <<'EOT2'
```sh
echo  hello   [there] *; A=3
```
```text
hello [th...
```
```sh host
false
```
```sh terminal=2 listens=17777
python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 17777)); c, _ = s.accept(); print("got", c.recv(10))'
```
```text
got b'x3...
```
```sh
exec 3<>/dev/tcp/127.0.0.1/17777; echo x$A >&3
```
EOT2

expect 1 'a command failed' "a command that fails" <<'EOT2'
```sh
false
true
```
EOT2

expect 1 'did not print this, or not in this order: two' "other output" <<'EOT2'
```sh
echo three
```
```text
two
```
EOT2

expect 1 'not in this order: one' "output in another order" <<'EOT2'
```sh
echo one; echo two
```
```text
two
one
```
EOT2

limit=3 expect 1 'not within 3 s' "a command that hangs" <<'EOT2'
```sh
sleep 100
```
EOT2

expect 1 'a command failed' "a server that ends with an error" <<'EOT2'
```sh terminal=2 listens=17778
false
```
EOT2

expect 1 'has no sh block' "a document without commands" <<'EOT2'
```
true
```
EOT2
