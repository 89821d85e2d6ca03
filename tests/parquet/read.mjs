// SPDX-License-Identifier: MIT
//
// read.mjs HYPARQUET rows FILE: its rows as vmsync export csv writes them, without the
// columns that are the same in all
// read.mjs HYPARQUET about FILE: a line for each column and for what is told at the end
// read.mjs HYPARQUET cut FILE: how many of all its beginnings are refused, and how many
// there are
// read.mjs HYPARQUET part FILE FROM UNTIL: rows that are not wholly outside, their ns,
// groups that had to be read, and all groups
// read.mjs HYPARQUET damage FILE FROM UNTIL: spoils all groups but those
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [dir, what, name, ...times] = process.argv.slice(2);
const { asyncBufferFromFile, parquetMetadata, parquetMetadataAsync, parquetReadObjects } =
	await import(pathToFileURL(path.resolve(dir, 'src/node.js')).href);
const same = ['boot_id', 'realtime_offset_ns'];
const [from, until] = times.map(BigInt);

function cell(v) {
	const s = v === null || v === undefined ? '' : String(v);

	return typeof v === 'string' && (/[",\r\n]/.test(s) || s === '' || s[0] === ' ') ?
		'"' + s.replaceAll('"', '""') + '"' : s;
}

function columns(metadata) {
	return metadata.schema.slice(1).map((c) => c.name).filter((c) => !same.includes(c));
}

// Which groups may have rows of that time, by what the file's end says of them.
function wanted(metadata) {
	return metadata.row_groups.map((g) => {
		const [first, last] = ['from_ns', 'until_ns'].map((name) => g.columns.find((c) =>
			c.meta_data.path_in_schema[0] === name).meta_data.statistics);

		return first.min_value < until && last.max_value > from;
	});
}

function start(chunk) {
	const m = chunk.meta_data;

	return Number(m.dictionary_page_offset ?? m.data_page_offset);
}

const commands = {
	async rows(file, metadata) {
		const names = columns(metadata);
		const lines = [names.join(',')];

		for (const row of await parquetReadObjects({ file, metadata }))
			lines.push(names.map((c) => cell(row[c])).join(','));
		process.stdout.write(lines.join('\n') + '\n');
	},
	async about(file, metadata) {
		for (const c of metadata.schema.slice(1))
			console.log(c.name, c.type, c.repetition_type, c.converted_type ?? '-');
		for (const { key, value } of metadata.key_value_metadata)
			console.log(key, value);
		console.log('rows', String(metadata.num_rows));
		console.log(metadata.created_by);
	},
	cut() {
		const bytes = new Uint8Array(fs.readFileSync(name));
		let refused = 0;

		for (let n = 0; n < bytes.length; n++) {
			try {
				parquetMetadata(bytes.slice(0, n).buffer);
			} catch {
				refused++;
			}
		}
		console.log(refused, bytes.length);
	},
	async part(file, metadata) {
		const read = new Set();
		const watched = {
			byteLength: file.byteLength,
			slice(a, b) {
				metadata.row_groups.forEach((g, i) => {
					const last = g.columns.at(-1);
					const end = start(last) +
						Number(last.meta_data.total_compressed_size);

					if (a < end && b > start(g.columns[0]))
						read.add(i);
				});
				return file.slice(a, b);
			},
		};
		const rows = await parquetReadObjects({ file: watched, metadata,
			columns: ['from_ns', 'until_ns'],
			filter: { from_ns: { $lt: until }, until_ns: { $gt: from } } });

		console.log(rows.length, String(rows.reduce((n, r) => n + r.until_ns - r.from_ns, 0n)),
			read.size, metadata.row_groups.length);
	},
	async damage(file, metadata) {
		const fd = fs.openSync(name, 'r+');
		const is = wanted(metadata);

		metadata.row_groups.forEach((g, i) => {
			for (const c of is[i] ? [] : g.columns)
				fs.writeSync(fd, Buffer.alloc(Number(
					c.meta_data.total_compressed_size), 255), 0, undefined,
				start(c));
		});
		fs.closeSync(fd);
		console.log(is.filter((x) => x).length, is.length);
	},
};

if (what === 'cut') {
	commands.cut();
} else {
	const file = await asyncBufferFromFile(name);

	await commands[what](file, await parquetMetadataAsync(file));
}
