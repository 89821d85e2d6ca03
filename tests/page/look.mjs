// SPDX-License-Identifier: MIT
//
// look.mjs PAGE [FOLDER]: opens a page of vmsync report in headless Chromium, uses it as
// a person would, and prints what it finds, a line each. With FOLDER pictures are
// put there: light.png, dark.png, narrow.png.
//
// Chromium is talked to by its DevTools protocol, over pipes.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [page, folder] = process.argv.slice(2);
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'look-'));
const browser = spawn('chromium', ['--headless', '--no-sandbox', '--disable-gpu',
	'--disable-dev-shm-usage', '--hide-scrollbars', '--no-first-run',
	'--remote-debugging-pipe', '--user-data-dir=' + home],
	{ stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: home } });
const [, , , to, answers] = browser.stdio;
const waiting = new Map(), events = [], loads = [];
let next = 1, rest = '', session;

function end(status) {
	browser.once('exit', () => {
		try {
			fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 });
		} catch {
			// Some process of it may still write there: who called removes TMPDIR.
		}
		process.exit(status);
	});
	browser.kill('SIGKILL');
}
setTimeout(() => { console.error('no answer'); end(1); }, 300000);
browser.on('error', (e) => { console.error(String(e)); process.exit(1); });

answers.on('data', (bytes) => {
	rest += bytes;
	const parts = rest.split('\0');
	rest = parts.pop();
	for (const part of parts) {
		const m = JSON.parse(part);
		if (m.id)
			waiting.get(m.id)(m);
		else if (m.method === 'Page.loadEventFired')
			loads.splice(0).forEach((f) => f());
		else if (['Runtime.consoleAPICalled', 'Runtime.exceptionThrown',
			'Log.entryAdded', 'Page.javascriptDialogOpening',
			'Network.requestWillBeSent'].includes(m.method))
			events.push(m);
	}
});

async function call(method, params = {}) {
	const id = next++;
	const answer = new Promise((f) => waiting.set(id, f));
	to.write(JSON.stringify({ id, method, params, sessionId: session }) + '\0');
	const m = await answer;
	if (m.error)
		throw new Error(method + ': ' + m.error.message);
	return m.result;
}

async function ask(expression) {
	const r = await call('Runtime.evaluate', { expression, awaitPromise: true,
		returnByValue: true });
	if (r.exceptionDetails)
		throw new Error(expression + ': ' + r.exceptionDetails.text);
	return r.result.value;
}

async function key(name) {
	const text = name.length === 1 ? name : undefined;
	await call('Input.dispatchKeyEvent', { type: 'keyDown', key: name, text });
	await call('Input.dispatchKeyEvent', { type: 'keyUp', key: name });
}

const status = () => ask("document.getElementById('status').textContent");
const frame = () => ask('new Promise((f) => requestAnimationFrame(() => requestAnimationFrame(f)))');
const say = (what, value) => console.log(what + ': ' + value);

async function picture(name) {
	await frame();
	if (!folder)
		return;
	const r = await call('Page.captureScreenshot', {});
	fs.writeFileSync(path.join(folder, name + '.png'), Buffer.from(r.data, 'base64'));
}

async function open(width, height, hash = '') {
	await call('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1,
		mobile: width < 500 });
	const loaded = new Promise((f) => loads.push(f));
	await call('Page.navigate', { url: 'about:blank' });
	await loaded;
	const again = new Promise((f) => loads.push(f));
	await call('Page.navigate', { url: pathToFileURL(path.resolve(page)).href + hash });
	await again;
}

async function use() {
	say('rows', await ask('document.documentElement.dataset.rows'));
	say('slices', await ask('document.documentElement.dataset.slices'));
	say('scripts', await ask('document.scripts.length'));
	say('images', await ask('document.images.length'));
	await ask("document.getElementById('rows').focus()");
	const whole = await status();
	for (const k of ['+', '+', '+'])
		await key(k);
	const zoomed = await status();
	await key('ArrowRight');
	const moved = await status();
	await key('Home');
	say('keyboard', whole !== zoomed && zoomed !== moved && await status() === whole);
	await key('n');
	const first = await status();
	await key('n');
	say('next slice', first !== await status() && first.includes(', from '));
	await ask("document.querySelector('#waits .go').click()");
	await frame();
	say('row leads to', (await status()).replace(/[.,] .*/s, ''));
	say('focus', await ask('document.activeElement.id'));
	await ask("{ const f = document.getElementById('find'); f.value = 'SCRIPT'; " +
		"f.dispatchEvent(new Event('input')); }");
	say('found', (await status()).replace(/\. .*/s, ''));
	await ask("{ const f = document.getElementById('find'); f.value = ''; " +
		"f.dispatchEvent(new Event('input')); }");
	await key('Home');
	say('painted', await ask("(() => { const c = document.getElementById('canvas'); const d = " +
		"c.getContext('2d').getImageData(0, 0, c.width, c.height).data; const s = new Set(); " +
		"for (let i = 0; i < d.length; i += 4) s.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]); " +
		'return s.size > 5; })()'));
	// What a screen reader needs.
	say('without a name', await ask("[...document.querySelectorAll('button, input, [role], a')]" +
		".filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label') || " +
		"(e.labels && e.labels.length) || e.getAttribute('role') === 'status')).length"));
	say('headers without a scope', await ask("document.querySelectorAll('th:not([scope])').length"));
	say('language and title', await ask("document.documentElement.lang + ' ' + document.title"));
}

async function main() {
	const { targetId } = await call('Target.createTarget', { url: 'about:blank' });
	session = (await call('Target.attachToTarget', { targetId, flatten: true })).sessionId;
	for (const domain of ['Runtime', 'Log', 'Page', 'Network'])
		await call(domain + '.enable');
	await open(1280, 1100);
	await use();
	await ask('scrollTo(0, 0)');
	await picture('light');
	await call('Emulation.setEmulatedMedia', { features:
		[{ name: 'prefers-color-scheme', value: 'dark' }] });
	say('dark', await ask('getComputedStyle(document.body).backgroundColor'));
	await picture('dark');
	await call('Emulation.setEmulatedMedia', { features: [] });
	await open(380, 800);
	say('narrow: fits', await ask('document.documentElement.scrollWidth <= innerWidth'));
	await picture('narrow');
	await open(1280, 1100, '#frames');
	console.error('a frame: ' + await ask('document.documentElement.dataset.frame') + ' ms');
	say('requests', events.filter((e) => e.method === 'Network.requestWillBeSent' &&
		!/^(about|file|data):/.test(e.params.request.url)).length);
	const said = events.filter((e) => e.method !== 'Network.requestWillBeSent');
	said.forEach((e) => console.error(JSON.stringify(e.params).slice(0, 300)));
	say('console', said.length);
}

main().then(() => end(0), (e) => { console.error(e.message); end(1); });
