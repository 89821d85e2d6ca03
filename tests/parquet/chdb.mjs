// SPDX-License-Identifier: MIT
//
// chdb.mjs CHDB FOLDER QUERY...: has ClickHouse, in folder CHDB (fetch.sh), answer queries
// about files in FOLDER, file('NAME.parquet'): rows with blanks between columns, an empty
// line after each query. A query that fails leaves "error: ..." instead.
import path from 'node:path';
import { createRequire } from 'node:module';

const [dir, folder, ...queries] = process.argv.slice(2);
const chdb = createRequire(import.meta.url)(path.resolve(dir, 'chdb_node.node'));

process.chdir(folder);
for (const query of queries) {
	try {
		console.log(chdb.Query(query, 'TSV').replaceAll('\\N', '').replaceAll('\t', ' '));
	} catch (e) {
		console.log('error: ' + e.message.split('\n')[0] + '\n');
	}
}
