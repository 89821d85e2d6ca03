// SPDX-License-Identifier: MIT
/*
 * tracedat TRACE FILE [OPTION=VALUE]...: what a trace of LTTng's would have been if
 * trace-cmd had recorded it, as a trace.dat of version 6.
 *
 *	clock=NAME	ftrace's clock (mono)
 *	lose=N		one page in N is preceded by lost events (none)
 *	without=PREFIX[,PREFIX]... leave out events that begin so (none)
 *	id=N		trace id (from the trace's uuid)
 *	khz=N		stamps are of a TSC of that rate, not ns, and the factor between
 *			them is stored; for clock=x86-tsc (none)
 *	faster=PPM	the factor that is stored is too large by so much (0)
 *	behind=N[,N]...	this is a guest's: stamps are those of the field truth, which
 *			is of the host's clock, made ones of the host's TSC, less N, for
 *			each CPU (the last one for all others); without what has no
 *			such field (its own stamps)
 *	ratio=X		and times X before that: the guest's TSC is scaled (1)
 *	jump=N		and N ahead of that in the second half of the recording (0)
 *	shift=N[,N]...	a TIME_SHIFT is stored, too, that is wrong by N cycles, for each
 *			CPU as in behind (none)
 *	samples=N	of so many samples for each CPU (1)
 *	lines=1		from one to the next the offset changes as a line does (no)
 *	peer=N		number of the host's recording (4242)
 *	spoil=HOW	what it says of the number of its "cpus" or "samples" is far too
 *			much, it is "cut", "empty", or has each sample at the same "time"
 *			or with a "ratio" of no clock, or with no "bits" for one
 *	late=N		the first N events of CPU 0 are not in the file, and only the
 *			kernel's counters tell (none)
 *	unknown=1	the format of the last event class is missing (no)
 *
 * Events are named as the kernel names them, fields are aligned as in its structs,
 * and text of any length is behind them. The thread that an event happened in is
 * the one that sched_switch put there last.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctf/ctf.h"

#define PAGE	   4096
#define PAGE_HEAD  16
#define COMMON	   8
#define FIRST_ID   300
#define MAX_FIELDS 64
#define MAX_RECORD 2048
#define MISSED	   (1u << 31)

static struct {
	const char *clock, *without;
	const char *behind, *shift, *spoil;
	uint64_t lose, id, khz, unknown, late, samples, lines, peer;
	int64_t jump;
	double ratio, faster;
} opt = { .clock = "mono", .samples = 1, .peer = 4242, .ratio = 1 };

/* The number for @cpu in a list, which may be shorter. */
static int64_t of_cpu(const char *list, uint32_t cpu)
{
	while (cpu-- && strchr(list, ','))
		list = strchr(list, ',') + 1;
	return strtoll(list, NULL, 0);
}

static bool is_left_out(const char *name)
{
	const char *prefix = opt.without;

	while (prefix && *prefix) {
		size_t n = strcspn(prefix, ",");

		if (!strncmp(name, prefix, n))
			return true;
		prefix += n + (prefix[n] == ',');
	}
	return false;
}

static bool spoils(const char *what)
{
	return opt.spoil && !strcmp(opt.spoil, what);
}

/* --------------------------------------------------------------- a buffer */

struct buffer {
	uint8_t *p;
	size_t n, cap;
};

static void *add(struct buffer *b, const void *p, size_t n)
{
	if (b->n + n > b->cap) {
		b->cap = 2 * (b->n + n);
		b->p = realloc(b->p, b->cap);
		if (!b->p)
			exit(2);
	}
	if (p)
		memcpy(b->p + b->n, p, n);
	else
		memset(b->p + b->n, 0, n);
	b->n += n;
	return b->p + b->n - n;
}

static void add_u16(struct buffer *b, uint16_t v)
{
	add(b, &v, 2);
}

static void add_u32(struct buffer *b, uint32_t v)
{
	add(b, &v, 4);
}

static void add_u64(struct buffer *b, uint64_t v)
{
	add(b, &v, 8);
}

static void add_text(struct buffer *b, const char *s)
{
	add(b, s, strlen(s));
}

/* With a length of 64 bits before it. */
static void add_file(struct buffer *b, const char *s)
{
	add_u64(b, strlen(s));
	add_text(b, s);
}

/* ------------------------------------------------------------------ formats */

struct place {
	const struct ctf_type *type;
	uint32_t at;
	uint32_t size; /* 0: text or an array of any length */
};

struct format {
	bool leave_out;
	char name[128], system[32];
	uint32_t id;
	uint32_t size;
	size_t n;
	struct place places[MAX_FIELDS];
	char *text;
	bool is_switch;
	struct ctf_field next_tid;
	bool has_truth;
	struct ctf_field truth;
};

static const struct {
	const char *lttng, *system, *kernel;
} names[] = {
	{ "kvm_x86_", "kvm", "kvm_" },
	{ "kvm_", "kvm", "kvm_" },
	{ "vmsync_", "vmsync", "vmsync_" },
	{ "sched_", "sched", "sched_" },
	{ "irq_softirq_", "irq", "softirq_" },
	{ "irq_", "irq", "irq_" },
	{ "x86_exceptions_", "exceptions", "" },
	{ "syscall_entry_", "syscalls", "sys_enter_" },
	{ "syscall_exit_", "syscalls", "sys_exit_" },
	{ "", "other", "" },
};

static void name_it(struct format *f, const char *lttng)
{
	size_t i;

	for (i = 0; strncmp(lttng, names[i].lttng, strlen(names[i].lttng)); i++)
		;
	snprintf(f->system, sizeof(f->system), "%s", names[i].system);
	snprintf(f->name, sizeof(f->name), "%s%s", names[i].kernel,
		 lttng + strlen(names[i].lttng));
}

/* The kernel calls threads processes. */
static void field_name(const struct format *f, const char *lttng, char out[128])
{
	size_t n;

	snprintf(out, 128, "%s", lttng);
	n = strlen(out);
	if (!strcmp(f->system, "sched") && n >= 3 &&
	    !strcmp(out + n - 3, "tid"))
		out[n - 3] = 'p';
}

static bool is_any_length(const struct ctf_type *t)
{
	return t->kind == CTF_STRING || t->kind == CTF_SEQUENCE;
}

static const char *c_type(const struct ctf_type *t)
{
	static const char *const all[2][4] = {
		{ "unsigned char", "unsigned short", "unsigned int", "u64" },
		{ "signed char", "short", "int", "s64" },
	};

	if (t->base == 16 && t->size == 64)
		return "unsigned long";
	return all[t->is_signed][t->size == 8 ? 0 : t->size == 16 ? 1 :
				 t->size == 32 ? 2 : 3];
}

static void place_field(struct format *f, const struct ctf_member *m, FILE *out)
{
	struct place *p = &f->places[f->n++];
	const struct ctf_type *t = m->type;
	char name[128], sub[24] = "", word[64] = "";
	uint32_t align;

	field_name(f, m->name, name);
	p->type = t;
	if (is_any_length(t)) {
		p->size = 0;
		align = 4;
		snprintf(word, sizeof(word), "__data_loc %s[]",
			 t->kind == CTF_STRING ? "char" : "u8");
	} else if (t->kind == CTF_ARRAY) {
		p->size = (uint32_t)t->len;
		align = 1;
		snprintf(sub, sizeof(sub), "[%u]", p->size);
		strcpy(word, "char");
	} else {
		p->size = t->size / 8u;
		align = p->size;
		strcpy(word, c_type(t));
	}
	p->at = (f->size + align - 1) & ~(align - 1);
	f->size = p->at + (p->size ? p->size : 4);
	fprintf(out, "\tfield:%s %s%s;\toffset:%u;\tsize:%u;\tsigned:%d;\n", word,
		name, sub, p->at, p->size ? p->size : 4,
		t->kind == CTF_INT && t->is_signed);
}

static void format_make(struct format *f, const struct ctf_class *cls)
{
	const struct ctf_type *payload = cls->scope[CTF_PAYLOAD];
	size_t len, i;
	FILE *out = open_memstream(&f->text, &len);

	if (!out)
		exit(2);
	name_it(f, cls->name);
	f->leave_out = is_left_out(cls->name);
	f->has_truth = ctf_field_find(cls, CTF_PAYLOAD, "truth", &f->truth);
	f->leave_out |= opt.behind && !f->has_truth;
	f->id = FIRST_ID + (uint32_t)cls->index;
	f->size = COMMON;
	f->is_switch = !strcmp(cls->name, "sched_switch") &&
		       ctf_field_find(cls, CTF_PAYLOAD, "next_tid", &f->next_tid);
	fprintf(out,
		"name: %s\nID: %u\nformat:\n"
		"\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n"
		"\tfield:unsigned char common_flags;\toffset:2;\tsize:1;\tsigned:0;\n"
		"\tfield:unsigned char common_preempt_count;\toffset:3;\tsize:1;\tsigned:0;\n"
		"\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;\n\n",
		f->name, f->id);
	for (i = 0; payload && i < payload->n_members; i++) {
		/* Lengths are told with what they are the length of. */
		if (!strncmp(payload->members[i].raw_name, "__", 2))
			continue;
		place_field(f, &payload->members[i], out);
	}
	fputs("\nprint fmt: \"\"\n", out);
	fclose(out);
}

/* ------------------------------------------------------------------ records */

/* A record of the ring buffer, without its header. Return: its bytes. */
static size_t record(const struct format *f, const struct ctf_event *ev,
		     int32_t pid, uint8_t *out)
{
	const struct ctf_value *v;
	long i, n = ctf_event_values(ev, &v);
	uint16_t id = (uint16_t)f->id;
	size_t k = 0, at = f->size;
	int depth = 0;

	memset(out, 0, f->size);
	memcpy(out, &id, 2);
	memcpy(out + 4, &pid, 4);
	for (i = 0; i < n; i++) {
		const struct place *p = &f->places[k];
		uint32_t word;

		depth += v[i].step == CTF_OPEN;
		depth -= v[i].step == CTF_CLOSE;
		if (v[i].scope != CTF_PAYLOAD)
			continue;
		if (v[i].step == CTF_LEAF && v[i].name && v[i].type == p->type &&
		    depth == 1) {
			if (v[i].type->kind == CTF_STRING) {
				word = (uint32_t)at | (v[i].len + 1) << 16;
				memcpy(out + p->at, &word, 4);
				memcpy(out + at, v[i].str, v[i].len);
				at += v[i].len;
				out[at++] = '\0';
			} else if (v[i].type->kind == CTF_ARRAY) {
				memcpy(out + p->at, v[i].str, v[i].len);
			} else {
				memcpy(out + p->at, &v[i].u, p->size);
			}
			k++;
		} else if (v[i].step == CTF_OPEN && v[i].type == p->type &&
			   v[i].type->kind == CTF_SEQUENCE) {
			word = (uint32_t)at | v[i].len << 16;
			memcpy(out + p->at, &word, 4);
			k++;
		} else if (v[i].step == CTF_LEAF && depth == 2) {
			out[at++] = (uint8_t)v[i].u;
		}
	}
	return at;
}

struct cpu {
	struct buffer data;
	size_t page;	/* of the open one, within @data */
	uint64_t last;
	uint64_t pages, events;
	uint64_t read;	/* what the kernel's counter says */
	int32_t pid;
	uint32_t number;
};

static uint64_t stamp_of(uint64_t ns)
{
	if (!opt.khz)
		return ns;
	return (uint64_t)((unsigned __int128)ns * opt.khz / 1000000);
}

/* When half of the recording is over, by the host's clock. */
static uint64_t half_ns;

/* What the TSC of guest CPU @cpu is when the host's clock reads @ns. */
static uint64_t guest_stamp(uint64_t ns, uint32_t cpu)
{
	uint64_t v = stamp_of(ns);

	if (opt.ratio != 1)
		v = (uint64_t)((unsigned __int128)v *
			       (uint64_t)(opt.ratio * 0x1p48) >> 48);
	return v - (uint64_t)of_cpu(opt.behind, cpu) +
	       (uint64_t)(ns >= half_ns ? opt.jump : 0);
}

static void page_end(struct cpu *c)
{
	uint64_t commit;

	if (!c->pages)
		return;
	commit = c->data.n - c->page - PAGE_HEAD;
	/* How many is stored behind the events, if there is room. */
	if (opt.lose && c->pages % opt.lose == 0)
		commit |= MISSED;
	memcpy(c->data.p + c->page + 8, &commit, 8);
	add(&c->data, NULL, c->page + PAGE - c->data.n);
}

static void page_begin(struct cpu *c, uint64_t stamp)
{
	page_end(c);
	c->page = c->data.n;
	c->pages++;
	c->last = stamp;
	add_u64(&c->data, stamp);
	add_u64(&c->data, 0);
}

static void put(struct cpu *c, uint64_t stamp, const uint8_t *r, size_t n)
{
	uint32_t words = (uint32_t)(n + 3) / 4, head;
	size_t bytes = 8 + 8 + 4 * words;
	uint64_t delta;

	if (!c->pages || c->data.n + bytes > c->page + PAGE)
		page_begin(c, stamp);
	delta = stamp - c->last;
	if (delta >= 1u << 27) {
		add_u32(&c->data, 30 | (uint32_t)(delta & ((1u << 27) - 1)) << 5);
		add_u32(&c->data, (uint32_t)(delta >> 27));
		delta = 0;
	}
	head = (words <= 28 ? words : 0) | (uint32_t)delta << 5;
	add_u32(&c->data, head);
	if (words > 28)
		add_u32(&c->data, 4 * words + 4);
	memcpy(add(&c->data, NULL, 4 * words), r, n);
	c->last = stamp;
	c->events++;
}

/* --------------------------------------------------------------------- file */

struct world {
	struct ctf_trace *trace;
	struct format *formats;
	size_t n_formats;
	struct cpu *cpus;
	size_t n_cpus;
	struct buffer comms;
	uint64_t first_ns, last_ns; /* by the host's clock, of a guest */
};

static void take_comm(struct world *w, const struct ctf_event *ev)
{
	struct ctf_field tid, comm;
	uint64_t number;
	const char *name;
	char line[64];
	size_t len;

	if (!ctf_field_find(ev->cls, CTF_PAYLOAD, "next_tid", &tid) ||
	    !ctf_field_find(ev->cls, CTF_PAYLOAD, "next_comm", &comm) ||
	    !ctf_get_u64(ev, &tid, &number))
		return;
	name = ctf_get_str(ev, &comm, &len);
	if (!name)
		return;
	add(&w->comms, line, (size_t)snprintf(line, sizeof(line), "%d %.*s\n",
					      (int)number, (int)len, name));
}

/* Return: false if it is not to be stored. */
static bool stamp_at(const struct format *f, const struct ctf_event *ev,
		     uint64_t *stamp)
{
	uint64_t truth;

	*stamp = stamp_of(ev->clock);
	if (f->leave_out || !opt.behind)
		return !f->leave_out;
	ctf_get_u64(ev, &f->truth, &truth);
	*stamp = guest_stamp(truth, ev->cpu);
	return true;
}

static void read_cpu(struct world *w, struct cpu *c, const struct ctf_stream *s)
{
	static uint8_t out[MAX_RECORD];
	struct ctf_error e;
	struct ctf_cursor *cur = ctf_cursor_new(s, NULL, &e);
	const struct ctf_event *ev;
	uint64_t next, stamp;
	int ret = cur ? 1 : -1;

	while (ret > 0 && (ret = ctf_cursor_next(cur, &ev, &e)) > 0) {
		const struct format *f = &w->formats[ev->cls->index];

		c->number = ev->cpu;
		c->read += !f->leave_out;
		if (stamp_at(f, ev, &stamp) && (c->number || c->read > opt.late))
			put(c, stamp, out, record(f, ev, c->pid, out));
		if (f->is_switch && ctf_get_u64(ev, &f->next_tid, &next)) {
			c->pid = (int32_t)next;
			if (w->comms.n < 60000)
				take_comm(w, ev);
		}
	}
	if (ret < 0) {
		fprintf(stderr, "tracedat: %s\n", e.msg);
		exit(2);
	}
	ctf_cursor_free(cur);
	page_end(c);
}

/* From when to when the recording is, by the truth. */
static void find_ends(struct world *w)
{
	struct ctf_error e;
	const struct ctf_event *ev;
	uint64_t truth;
	size_t i;

	w->first_ns = UINT64_MAX;
	for (i = 0; i < w->n_cpus; i++) {
		struct ctf_cursor *cur =
			ctf_cursor_new(ctf_trace_stream(w->trace, i), NULL, &e);

		while (cur && ctf_cursor_next(cur, &ev, &e) > 0) {
			const struct format *f = &w->formats[ev->cls->index];

			if (!f->has_truth || !ctf_get_u64(ev, &f->truth, &truth))
				continue;
			if (truth < w->first_ns)
				w->first_ns = truth;
			if (truth > w->last_ns)
				w->last_ns = truth;
		}
		ctf_cursor_free(cur);
	}
	half_ns = w->first_ns + (w->last_ns - w->first_ns) / 2;
}

static const char header_page[] =
	"\tfield: u64 timestamp;\toffset:0;\tsize:8;\tsigned:0;\n"
	"\tfield: local_t commit;\toffset:8;\tsize:8;\tsigned:1;\n"
	"\tfield: int overwrite;\toffset:8;\tsize:1;\tsigned:1;\n"
	"\tfield: char data;\toffset:16;\tsize:4080;\tsigned:1;\n";
static const char header_event[] =
	"# compressed entry header\n\ttype_len    :    5 bits\n"
	"\ttime_delta  :   27 bits\n\tarray       :   32 bits\n\n"
	"\tpadding     : type == 29\n\ttime_extend : type == 30\n"
	"\ttime_stamp : type == 31\n\tdata max type_len  == 28\n";

static bool is_told(const struct world *w, size_t i)
{
	return !w->formats[i].leave_out &&
	       !(opt.unknown && i + 1 == w->n_formats);
}

static void add_formats(struct world *w, struct buffer *b)
{
	size_t i, k, systems = sizeof(names) / sizeof(names[0]);

	add_u32(b, 0); /* ftrace's own */
	add_u32(b, (uint32_t)systems);
	for (k = 0; k < systems; k++) {
		uint32_t n = 0;

		/* Several rows may be of one system; it is told once. */
		for (i = 0; k && i < k; i++)
			n |= !strcmp(names[i].system, names[k].system);
		add(b, names[k].system, strlen(names[k].system) + 1);
		if (n) {
			add_u32(b, 0);
			continue;
		}
		for (i = 0; i < w->n_formats; i++)
			n += is_told(w, i) &&
			     !strcmp(w->formats[i].system, names[k].system);
		add_u32(b, n);
		for (i = 0; i < w->n_formats; i++) {
			if (is_told(w, i) &&
			    !strcmp(w->formats[i].system, names[k].system))
				add_file(b, w->formats[i].text);
		}
	}
}

static void add_option(struct buffer *b, uint16_t id, const void *p, size_t n)
{
	add_u16(b, id);
	add_u32(b, (uint32_t)n);
	add(b, p, n);
}

/* When trace-cmd took sample @i, by the host's clock. */
static uint64_t sample_ns(const struct world *w, uint64_t i)
{
	return w->first_ns + (w->last_ns - w->first_ns) * i / opt.samples;
}

/* What it found then: the host's TSC, scaled, less the guest's. */
static uint64_t sample_offset(const struct world *w, uint32_t cpu, uint64_t i)
{
	uint64_t v = opt.behind ? (uint64_t)of_cpu(opt.behind, cpu) : 0;

	if (sample_ns(w, i) >= half_ns)
		v -= (uint64_t)opt.jump;
	return v + (uint64_t)of_cpu(opt.shift, cpu);
}

static uint64_t sample_time(const struct world *w, uint32_t cpu, uint64_t i)
{
	return spoils("time") || !opt.behind ? 1000 :
	       guest_stamp(sample_ns(w, i), cpu);
}

static uint64_t sample_ratio(void)
{
	return spoils("ratio") ? 7 :
	       opt.ratio == 1 ? 1 : (uint64_t)(opt.ratio * 0x1p48);
}

/* Of each CPU some, as trace-cmd agent tells them. */
static void add_shift(struct world *w, struct buffer *b)
{
	uint64_t n = spoils("empty") ? 0 : opt.samples, i;
	struct buffer o = { 0 };
	uint32_t cpu;

	add_u64(&o, opt.peer);
	add_u32(&o, (uint32_t)opt.lines);
	add_u32(&o, spoils("cpus") ? 0xfffffff0u : (uint32_t)w->n_cpus);
	for (cpu = 0; cpu < w->n_cpus; cpu++) {
		add_u32(&o, spoils("samples") ? 0x7fffffffu : (uint32_t)n);
		for (i = 0; i < n; i++)
			add_u64(&o, sample_time(w, cpu, i));
		for (i = 0; i < n; i++)
			add_u64(&o, sample_offset(w, cpu, i));
		for (i = 0; i < n; i++)
			add_u64(&o, sample_ratio());
	}
	for (i = 0; !spoils("bits") && i < w->n_cpus * n; i++)
		add_u64(&o, opt.ratio == 1 ? 0 : 48);
	add_option(b, 12, o.p, spoils("cut") ? 17 : o.n);
	free(o.p);
}

static void add_options(struct world *w, struct buffer *b)
{
	static const char *const clocks[] = {
		"local", "global", "counter", "uptime", "perf", "mono",
		"mono_raw", "boot", "tai", "x86-tsc",
	};
	const char *hostname = ctf_trace_env(w->trace, "hostname");
	char line[256] = "", all[256];
	size_t i;

	for (i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++)
		sprintf(line + strlen(line),
			strcmp(clocks[i], opt.clock) ? "%s " : "[%s] ",
			clocks[i]);
	add_option(b, 4, line, strlen(line) + 1);
	snprintf(all, sizeof(all), "Linux %s 6.1.0 x86_64", hostname);
	add_option(b, 5, all, strlen(all) + 1);
	add_option(b, 11, &opt.id, 8);
	if (opt.khz) {
		/* ns = cycles * mult >> 24, offset 0 */
		uint32_t factor[4] = {
			(uint32_t)((double)(1000000ull << 24) / (double)opt.khz *
				   (1 + opt.faster / 1e6)),
			24, 0, 0,
		};

		add_option(b, 14, factor, sizeof(factor));
	}
	if (opt.shift)
		add_shift(w, b);
	for (i = 0; i < w->n_cpus; i++) {
		snprintf(all, sizeof(all),
			 "CPU: %u\nentries: 0\noverrun: 0\ndropped events: 0\n"
			 "read events: %llu\n\n", w->cpus[i].number,
			 (unsigned long long)w->cpus[i].read);
		add_option(b, 2, all, strlen(all) + 1);
	}
	add_u16(b, 0);
}

static void write_file(struct world *w, const char *path)
{
	struct buffer b = { 0 };
	size_t i, table;
	uint64_t at, top = 0;
	FILE *f = fopen(path, "w");

	add(&b, "\x17\x08\x44tracing6\0\0\x08", 14);
	add_u32(&b, PAGE);
	add(&b, "header_page", 12);
	add_file(&b, header_page);
	add(&b, "header_event", 13);
	add_file(&b, header_event);
	add_formats(w, &b);
	add_u32(&b, 0); /* kallsyms */
	add_u32(&b, 0); /* printk */
	add_u64(&b, w->comms.n);
	add(&b, w->comms.p, w->comms.n);
	for (i = 0; i < w->n_cpus; i++)
		top = w->cpus[i].number > top ? w->cpus[i].number : top;
	add_u32(&b, (uint32_t)top + 1);
	add(&b, "options  ", 10);
	add_options(w, &b);
	add(&b, "flyrecord", 10);
	table = b.n;
	add(&b, NULL, 16 * (top + 1));
	at = (b.n + PAGE - 1) & ~(size_t)(PAGE - 1);
	add(&b, NULL, at - b.n);
	for (i = 0; i <= top; i++)
		memcpy(b.p + table + 16 * i, &at, 8);
	for (i = 0; i < w->n_cpus; i++) {
		struct cpu *c = &w->cpus[i];
		uint64_t size = c->data.n;

		memcpy(b.p + table + 16 * c->number, &at, 8);
		memcpy(b.p + table + 16 * c->number + 8, &size, 8);
		at += size;
		add(&b, c->data.p, c->data.n);
	}
	if (!f || fwrite(b.p, 1, b.n, f) != b.n || fclose(f)) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(2);
	}
	free(b.p);
}

static void option(const char *arg)
{
	if (!strncmp(arg, "clock=", 6))
		opt.clock = arg + 6;
	else if (!strncmp(arg, "without=", 8))
		opt.without = arg + 8;
	else if (!strncmp(arg, "lose=", 5))
		opt.lose = strtoull(arg + 5, NULL, 0);
	else if (!strncmp(arg, "id=", 3))
		opt.id = strtoull(arg + 3, NULL, 0);
	else if (!strncmp(arg, "khz=", 4))
		opt.khz = strtoull(arg + 4, NULL, 0);
	else if (!strncmp(arg, "shift=", 6))
		opt.shift = arg + 6;
	else if (!strncmp(arg, "behind=", 7))
		opt.behind = arg + 7;
	else if (!strncmp(arg, "faster=", 7))
		opt.faster = strtod(arg + 7, NULL);
	else if (!strncmp(arg, "ratio=", 6))
		opt.ratio = strtod(arg + 6, NULL);
	else if (!strncmp(arg, "jump=", 5))
		opt.jump = strtoll(arg + 5, NULL, 0);
	else if (!strncmp(arg, "samples=", 8))
		opt.samples = strtoull(arg + 8, NULL, 0);
	else if (!strncmp(arg, "lines=", 6))
		opt.lines = strtoull(arg + 6, NULL, 0);
	else if (!strncmp(arg, "peer=", 5))
		opt.peer = strtoull(arg + 5, NULL, 0);
	else if (!strncmp(arg, "spoil=", 6))
		opt.spoil = arg + 6;
	else if (!strncmp(arg, "late=", 5))
		opt.late = strtoull(arg + 5, NULL, 0);
	else if (!strncmp(arg, "unknown=", 8))
		opt.unknown = strtoull(arg + 8, NULL, 0);
	else {
		fprintf(stderr, "tracedat: %s: no such option\n", arg);
		exit(2);
	}
}

int main(int argc, char **argv)
{
	struct world w = { 0 };
	struct ctf_error e;
	size_t i;

	if (argc < 3) {
		fputs("usage: tracedat TRACE FILE [OPTION=VALUE]...\n", stderr);
		return 2;
	}
	for (i = 3; i < (size_t)argc; i++)
		option(argv[i]);
	w.trace = ctf_trace_open(argv[1], &e);
	if (!w.trace) {
		fprintf(stderr, "tracedat: %s\n", e.msg);
		return 2;
	}
	if (!opt.id)
		memcpy(&opt.id, ctf_trace_clock(w.trace, 0)->uuid, 8);
	w.n_formats = ctf_trace_classes(w.trace);
	w.formats = calloc(w.n_formats + 1, sizeof(*w.formats));
	w.n_cpus = ctf_trace_streams(w.trace);
	w.cpus = calloc(w.n_cpus + 1, sizeof(*w.cpus));
	if (!w.formats || !w.cpus)
		return 2;
	for (i = 0; i < w.n_formats; i++)
		format_make(&w.formats[i], ctf_trace_class(w.trace, i));
	if (opt.behind)
		find_ends(&w);
	for (i = 0; i < w.n_cpus; i++)
		read_cpu(&w, &w.cpus[i], ctf_trace_stream(w.trace, i));
	write_file(&w, argv[2]);
	for (i = 0; i < w.n_cpus; i++)
		free(w.cpus[i].data.p);
	for (i = 0; i < w.n_formats; i++)
		free(w.formats[i].text);
	free(w.formats);
	free(w.cpus);
	free(w.comms.p);
	ctf_trace_close(w.trace);
	return 0;
}
