// SPDX-License-Identifier: MIT
//
// server.mjs PORTFILE PORT: stands before a server of ClickHouse at PORT, and for one that
// is none. Its own port is written to PORTFILE. What it does is named as the database:
// close	ends the connection
// half		answers the half of a head
// other	answers something else
// words	answers where a number belongs
// refuse	says no, without looking at what is sent
// silent	says no, without a word
// cut-N	passes on all, but of what is inserted only N bytes, and ends then
// lost		passes on all, but what is answered to an insertion
// hold		passes on all, but what is inserted without its last byte until somebody asks
//		for "release"; PORTFILE.held is there from then on
import fs from 'node:fs';
import net from 'node:net';

const [portfile, port] = process.argv.slice(2);
const held = [];

const answers = {
	close: '',
	half: 'HTTP/1.0 200 OK\r\nContent-',
	other: 'SSH-2.0-OpenSSH_9.2p1\r\n\r\n',
	words: 'HTTP/1.0 200 OK\r\n\r\nmany\n',
	refuse: 'HTTP/1.0 500 Internal Server Error\r\n\r\n' +
		'Code: 252, e.displayText() = DB::Exception: Too many parts (300). ' +
		'Merges are slower than inserts., e.what() = DB::Exception\n',
	silent: 'HTTP/1.0 503 Service Unavailable\r\n\r\n',
	release: 'HTTP/1.0 200 OK\r\n\r\n',
};

function pass(client, what, head, body) {
	const insert = head.includes('INSERT');
	const server = net.connect(Number(port), '127.0.0.1');
	const length = Number(/Content-Length: (\d+)/.exec(head)[1]);
	let most = insert && what.startsWith('cut-') ? Number(what.slice(4)) : length;
	let n = 0;

	if (insert && what === 'hold')
		most--;
	function more(bytes) {
		const part = bytes.subarray(0, most - n);

		n += part.length;
		server.write(part);
		if (n === most && most < length && what !== 'hold') {
			server.end(() => { server.destroy(); client.destroy(); });
		} else if (n === most && most < length) {
			const rest = bytes.subarray(part.length);

			held.push(() => { most++; more(rest); });
			fs.writeFileSync(`${portfile}.held`, '');
		}
	}
	server.write(head.replace(`database=${what}`, 'database=vmsync'));
	more(body);
	client.on('data', more);
	server.on('data', (bytes) => {
		if (!insert || what !== 'lost')
			client.write(bytes);
	});
	server.on('end', () => client.end());
	server.on('error', () => client.destroy());
}

net.createServer((client) => {
	let got = Buffer.alloc(0);

	client.on('error', () => {});
	client.on('data', function collect(bytes) {
		got = Buffer.concat([got, bytes]);
		const end = got.indexOf('\r\n\r\n') + 4;

		if (end < 4)
			return;
		client.off('data', collect);
		const head = got.subarray(0, end).toString('latin1');
		const what = /database=([a-z0-9-]*)/.exec(head)[1];

		if (what === 'release')
			held.splice(0).forEach((go) => go());
		if (what in answers)
			client.end(answers[what]);
		else
			pass(client, what, head, got.subarray(end));
	});
}).listen(0, '127.0.0.1', function listening() {
	fs.writeFileSync(`${portfile}.new`, String(this.address().port));
	fs.renameSync(`${portfile}.new`, portfile);
});
