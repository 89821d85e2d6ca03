#!/bin/sh
# SPDX-License-Identifier: MIT
#
# npm.sh DIR NAME VERSION SHA256 FILE...: puts files of an npm package into DIR, if the
# package is the one that is known. Nothing of it is run. DIR is there whole or not at
# all; if it is there already, nothing is fetched. Exit status 1: it cannot be had.
set -eu

dir=$1 name=$2 version=$3 sum=$4
shift 4
registry=${npm_config_registry:-https://registry.npmjs.org}

[ ! -d "$dir" ] || exit 0
mkdir -p "$(dirname "$dir")"
tmp=$(mktemp -d "$dir.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
node --no-warnings -e '
	const [url, file] = process.argv.slice(1);
	fetch(url, { signal: AbortSignal.timeout(120000) }).then(async (r) => {
		if (!r.ok) throw new Error(url + ": " + r.status);
		require("fs").writeFileSync(file, Buffer.from(await r.arrayBuffer()));
	}).catch((e) => { console.error(String(e.cause || e)); process.exit(1); });
' "${registry%/}/$name/-/${name##*/}-$version.tgz" "$tmp/package.tgz"
echo "$sum  $tmp/package.tgz" | sha256sum --quiet --strict -c -
mkdir "$tmp/files"
for file; do
	tar -xzf "$tmp/package.tgz" -C "$tmp" --no-same-owner "package/$file"
	mv "$tmp/package/$file" "$tmp/files/"
done
chmod 755 "$tmp/files"
# Another one may have been faster.
mv -T "$tmp/files" "$dir" 2> /dev/null || [ -d "$dir" ]
