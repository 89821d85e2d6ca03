// SPDX-License-Identifier: MIT
//
// query.mjs DUCKDB FOLDER QUERY...: has DuckDB, in folder DUCKDB (fetch.sh), answer
// queries about files in FOLDER: rows with blanks between columns, an empty line after
// each query. A query that fails leaves "error: ..." instead.
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [dir, folder, ...queries] = process.argv.slice(2);
const duckdb = (await import(pathToFileURL(path.resolve(dir,
	'node_modules/@duckdb/node-api/lib/index.js')).href)).default;
const connection = await (await duckdb.DuckDBInstance.create(':memory:')).connect();

process.chdir(folder);
for (const query of queries) {
	try {
		const result = await connection.runAndReadAll(query);

		for (const row of result.getRows())
			console.log(row.map((v) => v === null ? '' : String(v)).join(' '));
	} catch (e) {
		console.log('error:', e.message.split('\n')[0]);
	}
	console.log();
}
