// SPDX-License-Identifier: MIT
//
// look.mjs PAGE AXE [FOLDER]: opens a page of vmsync report in headless Chromium, uses it
// as a person would, and prints what it finds, a line each. AXE is the file of axe-core,
// which looks for what keeps people from using a page; "": there is none. With FOLDER
// pictures are put there: light.png, dark.png, narrow.png, print.png.
//
// Chromium is talked to by its DevTools protocol, over pipes.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [page, axe, folder] = process.argv.slice(2);
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
	// What the mouse is told.
	const over = async (selector, x, y) => {
		const r = await ask("(() => { const e = document.querySelector('" + selector + "'); " +
			"e.scrollIntoView({ block: 'center' }); const r = e.getBoundingClientRect(); " +
			'return [r.left, r.top, r.width]; })()');
		await frame();
		await call('Input.dispatchMouseEvent', { type: 'mouseMoved', x: r[0] + r[2] * x,
			y: r[1] + y });
		await frame();
		return ask("(() => { const t = document.getElementById('tip'); " +
			"return t.hidden ? 'hidden' : t.textContent; })()");
	};
	say('tip of the timeline', (await over('#rows', .5, 30)).replaceAll('\n', '; '));
	await key('Escape');
	say('tip after Escape', await ask("document.getElementById('tip').hidden"));
	say('tip of a series', (await over('.plot', .5, 30)).replaceAll('\n', '; '));
	await ask("{ const f = document.getElementById('find'); f.value = 'SCRIPT'; " +
		"f.dispatchEvent(new Event('input')); }");
	say('tip of a name', await over('#rows', .05, 30));
	await ask("{ const f = document.getElementById('find'); f.value = ''; " +
		"f.dispatchEvent(new Event('input')); }");
	say('series', await ask("document.querySelectorAll('.plot svg').length"));
	await ask("document.querySelector('.plot').click()");
	say('series leads to', await status());
	say('clocks drawn', await ask("document.querySelectorAll('#clocks .map').length"));
	say('styles that the policy took away', await ask("[...document.querySelectorAll('.plot path')]" +
		".filter((e) => !e.style.fill && !e.style.stroke).length"));
	await key('Home');
	say('scripts and images in the end',
		await ask('document.scripts.length + document.images.length'));
	// What a screen reader needs.
	say('without a name', await ask("[...document.querySelectorAll('button, input, [role], a')]" +
		".filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label') || " +
		"(e.labels && e.labels.length) || e.getAttribute('role') === 'status')).length"));
	say('headers without a scope', await ask("document.querySelectorAll('th:not([scope])').length"));
	say('language and title', await ask("document.documentElement.lang + ' ' + document.title"));
}

// What axe-core calls serious or critical; the rest goes to stderr.
async function accessible(how) {
	if (!axe)
		return;
	await ask(fs.readFileSync(axe, 'utf8') + '; true');
	const found = await ask('axe.run().then((r) => r.violations.map((v) => ' +
		"[v.impact, v.id + ' ' + v.nodes.map((n) => n.target + ' ' + " +
		"n.any.map((a) => a.message)).slice(0, 3).join('; ')]))");
	for (const [impact, what] of found)
		console.error('axe, ' + how + ': ' + impact + ': ' + what);
	say('serious, ' + how, found.filter(([impact]) =>
		['serious', 'critical'].includes(impact)).length);
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
	await accessible('light');
	await call('Emulation.setEmulatedMedia', { features:
		[{ name: 'prefers-color-scheme', value: 'dark' }] });
	say('dark', await ask('getComputedStyle(document.body).backgroundColor'));
	await picture('dark');
	await accessible('dark');
	await call('Emulation.setEmulatedMedia', { media: 'print' });
	say('print', await ask('getComputedStyle(document.body).backgroundColor'));
	await picture('print');
	await call('Emulation.setEmulatedMedia', { media: '', features: [] });
	await open(380, 800);
	say('narrow: fits', await ask('document.documentElement.scrollWidth <= innerWidth'));
	await picture('narrow');
	await accessible('narrow');
	await open(1280, 1100, '#frames');
	say('a frame, ms', await ask('document.documentElement.dataset.frame'));
	say('requests', events.filter((e) => e.method === 'Network.requestWillBeSent' &&
		!/^(about|file|data):/.test(e.params.request.url)).length);
	const said = events.filter((e) => e.method !== 'Network.requestWillBeSent');
	said.forEach((e) => console.error(JSON.stringify(e.params).slice(0, 300)));
	say('console', said.length);
}

main().then(() => end(0), (e) => { console.error(e.message); end(1); });
