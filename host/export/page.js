// The timeline: rows of slices on a canvas. Of each block of slices the time by code
// is summed up beforehand, so that a pixel is drawn from few numbers, however many
// slices it covers.
'use strict';
(() => {
const data = JSON.parse(document.getElementById('data').textContent);
const keys = ['guest', 'guest_idle', 'host_irq', 'hypervisor', 'polling', 'user_space',
	'preempted', 'waking', 'halted', 'blocked', 'stopped', 'unknown', 'ready', 'task',
	'vcpu', 'idle', null];
const NONE = keys.length - 1, BLOCK = 32, HEIGHT = 20, GAP = 3;
const rows = data.rows, length = data.length;
const $ = (id) => document.getElementById(id);
const box = $('rows'), canvas = $('canvas'), pen = canvas.getContext('2d');
let from = 0, until = length, chosen = 0, marked = -1, shown = [];
let colours = [], text = '', asked = 0;

// A row's slices: where each ends, its code, its thread; and sums by block.
function read(row) {
	const bytes = Uint8Array.from(atob(row.slices), (c) => c.charCodeAt(0));
	const ends = [], codes = [], threads = [];
	let at = 0, end = 0, thread = 0;
	const number = () => {
		let n = 0, factor = 1, b;
		do {
			b = bytes[at++];
			n += (b & 127) * factor;
			factor *= 128;
		} while (b & 128);
		return n;
	};
	while (at < bytes.length) {
		const ns = number();
		if (!ns)
			break;
		const code = bytes[at++];
		if (code & 32)
			thread = number();
		end += ns;
		ends.push(end);
		codes.push(code & 31);
		threads.push(thread);
	}
	row.ends = Float64Array.from(ends);
	row.codes = Uint8Array.from(codes);
	row.threads = Uint32Array.from(threads);
	row.slices = null;
	const blocks = Math.floor(ends.length / BLOCK) + 1, n = keys.length;
	row.sums = new Float64Array(blocks * n);
	row.busy = 0;
	let begin = 0;
	for (let i = 0; i < ends.length; i++) {
		if (codes[i] !== NONE)
			row.busy += ends[i] - begin;
		if (i % BLOCK === 0 && i) {
			const b = i / BLOCK * n;
			row.sums.copyWithin(b, b - n, b);
		}
		row.sums[Math.floor(i / BLOCK) * n + codes[i]] += ends[i] - begin;
		begin = ends[i];
	}
}

// The slice at a time: the first that ends after it.
function find(row, t, least = 0) {
	let a = least, b = row.ends.length;
	while (a < b) {
		const m = (a + b) >> 1;
		if (row.ends[m] > t)
			b = m;
		else
			a = m + 1;
	}
	return a;
}

const begin = (row, i) => i ? row.ends[i - 1] : 0;

// The time by code up to t, of which slice i is.
function upTo(row, i, t, out) {
	const n = keys.length, first = i - i % BLOCK;
	for (let c = 0, at = (first / BLOCK - 1) * n; c < n; c++)
		out[c] = first ? row.sums[at + c] : 0;
	for (let k = first; k < i; k++)
		out[row.codes[k]] += row.ends[k] - begin(row, k);
	if (i < row.ends.length)
		out[row.codes[i]] += t - begin(row, i);
}

let before = new Float64Array(keys.length), after = new Float64Array(keys.length);

// Pixels x to x1 of a row, from top on, in one colour; all in pixels of the screen.
function fill(pixels, stride, x, x1, top, end, colour) {
	for (let y = top; y < end; y++)
		pixels.fill(colour, y * stride + x, y * stride + x1);
}

// A column of many slices: each code has its share of the height.
function column(pixels, stride, x, top, height, ns) {
	let y = top;
	const end = top + height;
	for (let c = 0; c < NONE && y < end; c++) {
		const share = after[c] - before[c];
		if (share <= 0)
			continue;
		let y1 = y + Math.round(share / ns * height);
		// A wait is not to be overlooked, however short.
		if ((c === 6 || c === 7) && y1 < y + 2)
			y1 = y + 2;
		fill(pixels, stride, x, x + 1, y, Math.min(y1, end), colours[c]);
		y = y1;
	}
}

function drawRow(row, pixels, stride, left, top, height) {
	const width = stride - left, scale = (until - from) / width, n = row.ends.length;
	let i = find(row, from, 0), known = false;
	for (let x = 0; x < width && i < n;) {
		const t = from + x * scale;
		const x1 = Math.min(Math.floor((row.ends[i] - from) / scale), width);
		if (x1 > x) { // one slice
			if (row.codes[i] !== NONE)
				fill(pixels, stride, left + x, left + x1, top, top + height,
					colours[row.codes[i]]);
			x = x1;
			known = false;
			while (i < n && row.ends[i] <= from + x * scale)
				i++;
			continue;
		}
		const t1 = Math.min(t + scale, length), k = find(row, t1, i);
		if (!known)
			upTo(row, i, t, before);
		upTo(row, k, t1, after);
		column(pixels, stride, left + x, top, height, t1 - t);
		[before, after] = [after, before];
		known = true;
		i = k;
		x++;
	}
}

function time(ns) {
	return (ns / 1e9).toFixed(6) + ' s';
}

function duration(ns) {
	return ns >= 1e9 ? (ns / 1e9).toFixed(3) + ' s' : ns >= 1e6 ? (ns / 1e6).toFixed(3) + ' ms'
		: ns >= 1e3 ? (ns / 1e3).toFixed(1) + ' \u00b5s' : Math.round(ns) + ' ns';
}

const labels = () => box.clientWidth < 500 ? 120 : 230;

// A row's label, cut off where there is no room for it.
function fit(label, width) {
	if (pen.measureText(label).width <= width)
		return label;
	let a = 0, b = label.length;
	while (a < b) {
		const m = (a + b + 1) >> 1;
		if (pen.measureText(label.slice(0, m) + '\u2026').width <= width)
			a = m;
		else
			b = m - 1;
	}
	return label.slice(0, a) + '\u2026';
}

function axis(left, width) {
	const want = (until - from) / (width / 110);
	let unit = Math.pow(10, Math.floor(Math.log10(Math.max(want, 1))));
	unit *= want > 5 * unit ? 10 : want > 2 * unit ? 5 : want > unit ? 2 : 1;
	pen.fillStyle = text;
	pen.textBaseline = 'middle';
	pen.fillText('time, s', 4, HEIGHT / 2);
	for (let t = Math.ceil(from / unit) * unit; t <= until; t += unit) {
		const x = left + (t - from) / (until - from) * width;
		pen.fillText(unit >= 1e6 ? (t / 1e9).toFixed(3) : (t / 1e9).toFixed(9).replace(/0+$/, ''),
			x + 3, HEIGHT / 2);
		pen.fillRect(x, 0, 1, HEIGHT - 2);
	}
}

function draw() {
	asked = 0;
	const w = box.clientWidth, h = box.clientHeight, r = devicePixelRatio;
	if (canvas.width !== Math.round(w * r) || canvas.height !== Math.round(h * r)) {
		canvas.width = Math.round(w * r);
		canvas.height = Math.round(h * r);
	}
	const left = labels(), width = w - left;
	pen.setTransform(r, 0, 0, r, 0, 0);
	pen.clearRect(0, 0, w, h);
	pen.font = '12px system-ui, sans-serif';
	const top = box.scrollTop, image = pen.createImageData(canvas.width, canvas.height);
	const pixels = new Uint32Array(image.data.buffer), visible = [];
	for (let k = Math.ceil(top / HEIGHT - .05); k < shown.length; k++) {
		const y = HEIGHT + k * HEIGHT - top;
		if (y + HEIGHT > h)
			break;
		visible.push([k, y]);
		drawRow(rows[shown[k]], pixels, canvas.width, Math.round(left * r), Math.round(y * r),
			Math.round((HEIGHT - GAP) * r));
	}
	pen.putImageData(image, 0, 0);
	$('charts').style.setProperty('--from', from / length);
	$('charts').style.setProperty('--until', until / length);
	axis(left, width);
	for (const [k, y] of visible) {
		const row = rows[shown[k]];
		pen.fillStyle = text;
		pen.font = (shown[k] === chosen ? 'bold ' : '') + '12px system-ui, sans-serif';
		if (row.fits !== left || row.bold !== (shown[k] === chosen)) {
			row.fits = left;
			row.bold = shown[k] === chosen;
			row.short = fit(row.label, left - 12);
		}
		pen.fillText(row.short, 4, y + (HEIGHT - GAP) / 2);
		// Virtual CPUs, the host's CPUs, threads.
		if (k && rows[shown[k - 1]].kind !== row.kind)
			pen.fillRect(0, y - 2, w, 1);
		if (shown[k] !== chosen)
			continue;
		pen.strokeStyle = text;
		pen.strokeRect(.5, y - 1.5, w - 1, HEIGHT - .5);
		if (marked < 0 || marked >= row.ends.length)
			continue;
		const x = (begin(row, marked) - from) / (until - from) * width;
		const x1 = (row.ends[marked] - from) / (until - from) * width;
		if (x1 >= 0 && x <= width) {
			pen.lineWidth = 2;
			pen.strokeRect(left + Math.max(x, 0) - 1, y - 2,
				Math.max(Math.min(x1, width) - Math.max(x, 0), 1) + 2, HEIGHT + 1);
			pen.lineWidth = 1;
		}
	}
}

function redraw() {
	if (!asked)
		asked = requestAnimationFrame(draw);
}

// What a slice of a row is, in words.
function slice(row, i) {
	const thread = data.threads[row.threads[i]];
	return data.codes[row.codes[i]] + (thread ? ' (' + thread + ')' : '') + ', ' +
		duration(row.ends[i] - begin(row, i)) + ', from ' + time(begin(row, i));
}

function say() {
	const row = rows[chosen];
	let s = row ? row.label : 'No row of that name';
	if (row && marked >= 0 && marked < row.ends.length)
		s += ': ' + slice(row, marked);
	$('status').textContent = s + '. Shown: ' + time(from) + ' to ' + time(until) + '.';
}

function view(a, b) {
	const least = 100;
	let len = Math.max(Math.min(b - a, length), Math.min(least, length));
	a = Math.max(0, Math.min(a, length - len));
	from = a;
	until = a + len;
	redraw();
}

function zoom(factor, t) {
	const at = t === undefined ? (from + until) / 2 : t;
	view(at - (at - from) * factor, at + (until - at) * factor);
}

function choose(row, slice) {
	chosen = row;
	marked = slice;
	const k = shown.indexOf(row);
	if (k >= 0) {
		const y = k * HEIGHT;
		if (y < box.scrollTop)
			box.scrollTop = y;
		if (y + 2 * HEIGHT > box.scrollTop + box.clientHeight)
			box.scrollTop = y + 2 * HEIGHT - box.clientHeight;
	}
	say();
	redraw();
}

function step(by) {
	const row = rows[chosen];
	if (!row)
		return;
	let i = marked < 0 ? find(row, from) : marked + by;
	i = Math.max(0, Math.min(i, row.ends.length - 1));
	const a = begin(row, i), b = row.ends[i], len = until - from;
	if (a < from || b > until)
		view((a + b - len) / 2, (a + b + len) / 2);
	choose(chosen, i);
}

function go(row, a, b) {
	if (!shown.includes(row)) {
		$('find').value = '';
		search();
	}
	const pad = Math.max((b - a) * 2, 1000);
	if (b - a >= length)
		view(0, length);
	else
		view(a - pad, b + pad);
	choose(row, b - a >= length ? -1 : find(rows[row], a));
	box.focus({ preventScroll: true });
	$('timeline').scrollIntoView({ block: 'nearest' });
}

function search() {
	const what = $('find').value.toLowerCase();
	shown = order.filter((i) => rows[i].label.toLowerCase().includes(what));
	$('space').style.height = shown.length * HEIGHT + HEIGHT - canvas.clientHeight + 'px';
	box.scrollTop = 0;
	choose(shown.length ? shown[0] : -1, -1);
}

function style() {
	const css = getComputedStyle(document.documentElement);
	// As the canvas has it: red is the lowest byte.
	const dot = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
	colours = keys.map((k) => {
		if (!k)
			return 0;
		dot.fillStyle = css.getPropertyValue('--' + k).trim();
		dot.fillRect(0, 0, 1, 1);
		return new Uint32Array(dot.getImageData(0, 0, 1, 1).data.buffer)[0];
	});
	text = css.getPropertyValue('--text').trim();
	redraw();
}

function entry(list, colour, words) {
	const li = document.createElement('li'), box = document.createElement('span');
	if (colour)
		box.style.background = 'var(--' + colour + ')';
	else
		box.className = 'line';
	li.append(box, words);
	list.append(li);
}

function legend() {
	const seen = new Set();
	rows.forEach((r) => r.codes.forEach((c) => seen.add(c)));
	keys.forEach((key, c) => {
		if (key && seen.has(c))
			entry($(c < 13 ? 'legend' : 'cpu-legend'), key, data.codes[c]);
	});
}

// What each virtual CPU did, as a bar beside its figures.
function bars() {
	document.querySelectorAll('.bar').forEach((cell) => {
		const bar = document.createElement('div'), said = [];
		keys.slice(0, 12).forEach((key, c) => {
			const ns = Number(cell.dataset[key]);
			if (!ns)
				return;
			const part = document.createElement('span');
			part.style.background = 'var(--' + key + ')';
			part.style.flex = ns + ' 0 0';
			part.title = data.codes[c] + ' ' + (100 * ns / length).toFixed(2) + ' %';
			said.push(part.title);
			bar.append(part);
		});
		bar.setAttribute('role', 'img');
		bar.setAttribute('aria-label', said.join(', '));
		cell.append(bar);
	});
}

// What there is at a point of the screen: of many states in a pixel, how much of each.
function at(x, y) {
	const r = canvas.getBoundingClientRect(), left = labels();
	const row = rows[shown[Math.floor((y - r.top + box.scrollTop - HEIGHT) / HEIGHT)]];
	const scale = (until - from) / (r.width - left);
	const t = from + (x - r.left - left) * scale, i = row ? find(row, t) : 0;
	if (!row || y < r.top + HEIGHT || x < r.left || i >= row.ends.length)
		return '';
	if (t < from)
		return row.label;
	const k = find(row, t + scale, i);
	if (k - i < 3)
		return row.label + '\n' + slice(row, i);
	upTo(row, i, t, before);
	upTo(row, k, Math.min(t + scale, length), after);
	const parts = keys.map((key, c) => [after[c] - before[c], data.codes[c]])
		.filter(([ns]) => ns > 0).sort((a, b) => b[0] - a[0]);
	const all = parts.reduce((sum, [ns]) => sum + ns, 0);
	return row.label + '\n' + (k - i) + ' states in ' + duration(scale) + ', from ' + time(t) +
		parts.map(([ns, what]) => '\n' + what + ' ' + percent(ns, all)).join('');
}

const percent = (ns, of) => (100 * ns / of).toFixed(1) + ' %';

function tip(words, e) {
	const box = $('tip');
	box.hidden = !words;
	box.textContent = words;
	const x = e ? e.clientX : 0, y = e ? e.clientY : 0;
	box.style.left = Math.max(0, Math.min(x + 14, innerWidth - box.offsetWidth - 4)) + 'px';
	box.style.top = (y + 20 + box.offsetHeight < innerHeight ? y + 16 : y - 10 - box.offsetHeight) + 'px';
}

// Wanted and got: a series of a virtual CPU as areas on one another, in steps.
const series = [['got', 'guest'], ['overhead', 'hypervisor'], ['blocked', 'blocked'],
	['steal', 'preempted']];
const windowEnd = (i) => Math.min((i + 1) * data.window, length);
const wanted = (s, i) => series.reduce((sum, [part]) => sum + s[part][i], 0);

function svg(name, attributes) {
	const e = document.createElementNS('http://www.w3.org/2000/svg', name);
	for (const [key, value] of Object.entries(attributes))
		e.setAttribute(key, value);
	return e;
}

// Steps from left to right at the heights, back at those below.
function steps(heights, below) {
	const x = (i) => (1000 * windowEnd(i) / length).toFixed(1), y = (h) => (100 - 100 * h).toFixed(1);
	let d = 'M0 ' + y(heights[0]);
	heights.forEach((h, i) => { d += 'V' + y(h) + 'H' + x(i); });
	for (let i = below.length - 1; i >= 0; i--)
		d += 'V' + y(below[i]) + 'H' + (i ? x(i - 1) : 0);
	return d;
}

function areas(s) {
	const picture = svg('svg', { viewBox: '0 0 1000 100', preserveAspectRatio: 'none',
		'aria-hidden': 'true' });
	let below = s.got.map(() => 0);
	for (const [part, colour] of series) {
		const heights = below.map((h, i) =>
			h + s[part][i] / (windowEnd(i) - i * data.window));
		const area = svg('path', { d: steps(heights, below) + 'Z' });
		area.style.fill = 'var(--' + colour + ')';
		picture.append(area);
		below = heights;
	}
	const line = svg('path', { d: steps(below, []), fill: 'none',
		'vector-effect': 'non-scaling-stroke' });
	line.style.stroke = 'var(--text)';
	picture.append(line);
	return picture;
}

function windowWords(s, i) {
	const of = windowEnd(i) - i * data.window;
	return time(i * data.window) + ' to ' + time(windowEnd(i)) + '\nwanted ' +
		percent(wanted(s, i), of) + series.map(([part]) =>
			'\n' + part + ' ' + percent(s[part][i], of)).join('');
}

function element(name, of, words) {
	const e = document.createElement(name);
	e.className = of;
	if (words)
		e.textContent = words;
	return e;
}

function chart(s) {
	const figure = document.createElement('figure'), caption = document.createElement('figcaption');
	const name = element('button', 'go', s.label), plot = element('div', 'plot');
	const sum = (list) => list.reduce((a, b) => a + b, 0);
	const all = sum(s.got.map((got, i) => wanted(s, i))), got = sum(s.got);
	const words = ': wanted ' + percent(all, length) + ', got ' + percent(got, length);
	const worst = s.steal.indexOf(s.steal.reduce((a, b) => Math.max(a, b), 0));
	const number = (e) => {
		const r = plot.getBoundingClientRect();
		const t = (e.clientX - r.left) / r.width * length;
		return Math.max(0, Math.min(Math.floor(t / data.window), s.got.length - 1));
	};
	name.addEventListener('click', () => go(s.row, 0, length));
	caption.append(name, words);
	plot.setAttribute('role', 'img');
	plot.setAttribute('aria-label', s.label + words + '; the most steal: ' +
		windowWords(s, worst).replaceAll('\n', ', '));
	plot.append(element('div', 'y', '100 %'), element('div', 'y', '50 %'), element('div', 'y', '0'),
		areas(s), element('div', 'view'));
	plot.addEventListener('pointermove', (e) => {
		if (e.pointerType !== 'touch')
			tip(s.label + '\n' + windowWords(s, number(e)), e);
	});
	plot.addEventListener('pointerleave', () => tip(''));
	plot.addEventListener('click', (e) => {
		const i = number(e);
		view(i * data.window, windowEnd(i));
		choose(s.row, -1);
	});
	const ends = element('div', 'ends');
	ends.append(element('span', '', '0'), element('span', '', time(length)));
	figure.append(caption, plot, ends);
	return figure;
}

function charts() {
	$('series').hidden = !data.series.length;
	series.forEach(([part, colour]) => entry($('series-legend'), colour, part));
	entry($('series-legend'), '', 'wanted; of one CPU of the host, every ' + duration(data.window));
	data.series.forEach((s) => $('charts').append(chart(s)));
}

function keyboard(e) {
	const len = until - from;
	const act = {
		ArrowLeft: () => view(from - len / 5, until - len / 5),
		ArrowRight: () => view(from + len / 5, until + len / 5),
		ArrowUp: () => choose(shown[Math.max(shown.indexOf(chosen) - 1, 0)], -1),
		ArrowDown: () => choose(shown[Math.min(shown.indexOf(chosen) + 1, shown.length - 1)], -1),
		'+': () => zoom(.5), '=': () => zoom(.5), '-': () => zoom(2),
		n: () => step(1), p: () => step(-1), Home: () => view(0, length),
	}[e.key];
	if (!act || e.ctrlKey || e.altKey || e.metaKey || (!shown.length && e.key.startsWith('Arrow')))
		return;
	e.preventDefault();
	act();
	say();
}

const timeAt = (e) => {
	const r = canvas.getBoundingClientRect(), left = labels();
	return from + Math.max(0, e.clientX - r.left - left) / (r.width - left) * (until - from);
};
let drag = null;

function listen() {
	box.addEventListener('keydown', keyboard);
	box.addEventListener('scroll', redraw);
	box.addEventListener('wheel', (e) => {
		if (!e.ctrlKey && !e.shiftKey && Math.abs(e.deltaX) <= Math.abs(e.deltaY))
			return; // scrolls the rows
		e.preventDefault();
		if (e.ctrlKey)
			zoom(Math.exp(e.deltaY / 300), timeAt(e));
		else
			view(from + (e.deltaX || e.deltaY) * (until - from) / 800,
				until + (e.deltaX || e.deltaY) * (until - from) / 800);
		say();
	}, { passive: false });
	canvas.addEventListener('pointerdown', (e) => {
		drag = { x: e.clientX, from, until, moved: false };
		canvas.setPointerCapture(e.pointerId);
	});
	canvas.addEventListener('pointermove', (e) => {
		if (!drag && e.pointerType !== 'touch')
			tip(at(e.clientX, e.clientY), e);
		if (!drag)
			return;
		tip('');
		const ns = (e.clientX - drag.x) / (canvas.clientWidth - labels()) * (drag.until - drag.from);
		drag.moved = drag.moved || Math.abs(e.clientX - drag.x) > 3;
		if (drag.moved)
			view(drag.from - ns, drag.until - ns);
	});
	canvas.addEventListener('pointerup', (e) => {
		const y = e.clientY - canvas.getBoundingClientRect().top + box.scrollTop - HEIGHT;
		const row = shown[Math.floor(y / HEIGHT)];
		if (drag && !drag.moved && row !== undefined)
			choose(row, find(rows[row], timeAt(e)));
		drag = null;
		say();
	});
	canvas.addEventListener('pointerleave', () => tip(''));
	document.addEventListener('keydown', (e) => {
		if (e.key === 'Escape')
			tip('');
	});
	document.addEventListener('scroll', () => tip(''));
	canvas.addEventListener('pointercancel', () => { drag = null; });
	canvas.addEventListener('dblclick', (e) => { zoom(.25, timeAt(e)); say(); });
	$('in').addEventListener('click', () => { zoom(.5); say(); });
	$('out').addEventListener('click', () => { zoom(2); say(); });
	$('all').addEventListener('click', () => { view(0, length); say(); });
	$('find').addEventListener('input', search);
	document.querySelectorAll('.go').forEach((b) => b.addEventListener('click', () =>
		go(Number(b.dataset.row), Number(b.dataset.from), Number(b.dataset.until))));
	matchMedia('(prefers-color-scheme: dark)').addEventListener('change', style);
	// Paper is light, and does not wait for the next frame.
	matchMedia('print').addEventListener('change', () => {
		style();
		draw();
	});
	new ResizeObserver(redraw).observe(box);
}

$('drawn').hidden = false;
box.style.height = Math.min((rows.length + 1) * HEIGHT + 4, box.clientHeight) + 'px';
rows.forEach(read);
// Virtual CPUs first, then the host's CPUs, then threads, the busiest first.
const order = rows.map((r, i) => i).sort((a, b) =>
	[0, 2, 1][rows[a].kind] - [0, 2, 1][rows[b].kind] ||
	(rows[a].kind === 1 ? rows[b].busy - rows[a].busy : rows[a].number - rows[b].number));
listen();
style();
legend();
bars();
charts();
search();
say();

// Frames while it pans over all of it, for who wants to know: #frames.
if (location.hash === '#frames') {
	const took = [];
	view(0, length / 4);
	for (let i = 0; i < 120; i++) {
		const t = performance.now();
		view(length * 3 / 4 * i / 120, length * 3 / 4 * i / 120 + length / 4);
		draw();
		took.push(performance.now() - t);
	}
	took.sort((a, b) => a - b);
	document.documentElement.dataset.frame = took[60].toFixed(2);
}
document.documentElement.dataset.rows = rows.length;
document.documentElement.dataset.slices = rows.reduce((n, r) => n + r.ends.length, 0);
})();
