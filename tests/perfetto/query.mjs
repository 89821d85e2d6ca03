// SPDX-License-Identifier: MIT
//
// query.mjs ENGINE TRACE QUERY...: has Perfetto's own trace processor, as WebAssembly
// in folder ENGINE (fetch.sh), read a trace, and prints the rows of each query, tab
// between columns, an empty line after each query.
//
// The engine is made for a browser: what it looks for there is put in its place.
import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { pathToFileURL } from 'node:url';

const [dir, trace, ...queries] = process.argv.slice(2);
const CHUNK = 32 << 20; // a frame to the engine may be 64 MiB long

// replaced(TEXT, [FROM, TO]...): each has to be there, or the engine is another one
function replaced(text, ...pairs) {
	for (const [from, to] of pairs) {
		if (!text.includes(from))
			throw new Error('not the engine that is known: ' + from);
		text = text.replace(from, () => to);
	}
	return text;
}

globalThis.self = globalThis;
globalThis.WorkerGlobalScope = class {};
Object.defineProperty(globalThis, 'location',
	{ value: { href: pathToFileURL(path.resolve(dir)).href + '/' } });
globalThis.vmsyncWasm = new Uint8Array(
	fs.readFileSync(path.join(dir, 'trace_processor.wasm')));
console.warn = () => {};

const { EngineBase } = await import(
	pathToFileURL(path.resolve(dir, 'engine.mjs')).href);
vm.runInThisContext(replaced(
	fs.readFileSync(path.join(dir, 'engine_bundle.node.js'), 'utf8'),
	['this.useMemory64 = hasMemory64Support();', 'this.useMemory64 = false;'],
	['locateFile: (s) => s,',
		'locateFile: (s) => s, wasmBinary: globalThis.vmsyncWasm,'],
	['const wasmBridge = new wasm_bridge_1.WasmBridge();',
		'const wasmBridge = new wasm_bridge_1.WasmBridge();' +
		'globalThis.vmsyncBridge = wasmBridge;']));

class Engine extends EngineBase {
	constructor(port) {
		super();
		this.mode = 'WASM';
		this.id = 'test';
		this.port = port;
		port.onmessage = (m) => this.onRpcResponseBytes(m.data);
	}
	rpcSendRequestBytes(bytes) {
		this.port.postMessage(bytes);
	}
}

const channel = new MessageChannel();
globalThis.vmsyncBridge.initialize(channel.port1);
const engine = new Engine(channel.port2);

const data = new Uint8Array(fs.readFileSync(trace));
for (let at = 0; at < data.length; at += CHUNK)
	await engine.parse(data.subarray(at, at + CHUNK));
await engine.notifyEof();

const out = [];
for (const text of queries) {
	try {
		const result = await engine.query(text);
		const columns = result.columns();
		for (const row = result.iter({}); row.valid(); row.next())
			out.push(columns.map((c) => String(row.get(c))).join('\t'));
		out.push('');
	} catch (e) {
		console.error(text + ': ' + e.message);
		process.exit(1);
	}
}
fs.writeSync(1, out.join('\n') + '\n');
process.exit(0);
