// SPDX-License-Identifier: MIT
//
// hook.mjs PORT FILE: takes what Alertmanager sends to a webhook at PORT: a line for each
// alert, "PATH STATUS NAME DOMAIN BY", is appended to FILE.
import fs from 'node:fs';
import http from 'node:http';

const [port, file] = process.argv.slice(2);

http.createServer((request, response) => {
	let text = '';

	request.on('data', (part) => { text += part; });
	request.on('end', () => {
		for (const { status, labels } of JSON.parse(text).alerts)
			fs.appendFileSync(file, [request.url, status, labels.alertname,
				labels.domain ?? '-', labels.by ?? '-'].join(' ') + '\n');
		response.end();
	});
}).listen(Number(port), '127.0.0.1');
