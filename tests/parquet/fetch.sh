#!/bin/sh
# SPDX-License-Identifier: MIT
#
# fetch.sh hyparquet|duckdb|chdb DIR: puts a reader of Parquet into DIR, unless it is
# there. Debian has none. All come from npm, and only if they are those that are known;
# DuckDB and chdb, which is ClickHouse, are programs for x86-64, of some 70 and 540 MB.
# Exit status 1: it cannot be had.
set -eu

npm=$(dirname "$0")/../npm.sh
case $1 in
hyparquet)
	"$npm" "$2" hyparquet 1.33.0 \
		6af16c6ed33e983d6ee6e5e05b1ef3ae766efc22240fac3eb56ecd2ab5780e9b \
		src package.json LICENSE
	;;
chdb)
	[ "$(uname -m)" = x86_64 ] || { echo "no chdb for $(uname -m)" >&2; exit 1; }
	"$npm" "$2" @chdb/lib-linux-x64-gnu 26.7.3-stable.1 \
		c0d32b129e988f2b9a9a31c9141aecf5e1e2453f9a079efc4d36ab8e3f92b2ad \
		chdb_node.node libchdb.so package.json
	;;
duckdb)
	[ "$(uname -m)" = x86_64 ] || { echo "no DuckDB for $(uname -m)" >&2; exit 1; }
	to=$2/node_modules/@duckdb
	"$npm" "$to/node-api" @duckdb/node-api 1.5.6-r.1 \
		64d5080af3c0144329f9cbdbff7bc867c9c1f9df57a7e7e2a8b13bc6ed2bc664 \
		lib package.json
	"$npm" "$to/node-bindings" @duckdb/node-bindings 1.5.6-r.1 \
		9d1ebca9020dcd5680e2e38bd182f1a0e69e59f00d31dfc5afca2623b8a34ac3 \
		duckdb.js package.json LICENSE
	"$npm" "$to/node-bindings-linux-x64" @duckdb/node-bindings-linux-x64 1.5.6-r.1 \
		1b9f82478539bb9a1d1df44bd103121a12ae52142c07158dc52b97d2ec1d69ff \
		duckdb.node libduckdb.so package.json LICENSE
	;;
esac
