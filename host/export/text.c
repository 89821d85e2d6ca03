// SPDX-License-Identifier: MIT
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "export/text.h"

#define NSEC_PER_SEC 1000000000
#define BUFFER	     (256u << 10)
/* Room that is there before anything short is written without asking. */
#define RESERVE	     512

/*
 * What is the same for all events of a packet, made once. A merge goes from
 * stream to stream, so several are kept, in a slot by the stream's address.
 */
#define FIXED_SLOTS 64

struct fixed {
	const struct ctf_stream *stream;
	uint64_t packet_offset;
	size_t who_len;
	size_t packet_len;
	char who[512];		/* "hostname " */
	char packet[1024];	/* "{ cpu_id = 0 }, " */
};

/*
 * Where a class has no variant and no list, its steps are always the same ones:
 * then what is printed before each value is made once, too.
 */
struct lead {
	const char *text;
	uint32_t len;
	bool is_value; /* else only what closes the last struct */
};

struct shape {
	const struct ctf_class *cls;
	bool known;
	long steps;	/* that ctf_event_values() gives; -1: not always the same */
	long n;
	struct lead *lead;
	char *text;
};

#define SHAPE_SLOTS 1024

struct vmsync_text {
	FILE *out;
	char *p;		/* where the next character goes */
	char *end;		/* RESERVE before the buffer's end */
	bool failed;
	bool has_last;
	int64_t last_ns;	/* stamp of the event before */
	int64_t clock_s;	/* second that @clock_text shows */
	char clock_text[16];	/* "HH:MM:SS" */
	struct fixed fixed[FIXED_SLOTS];
	struct shape shapes[SHAPE_SLOTS];
	char *buffer;
};

struct vmsync_text *vmsync_text_new(FILE *out)
{
	struct vmsync_text *t = calloc(1, sizeof(*t));

	if (!t)
		return NULL;
	t->buffer = malloc(BUFFER);
	if (!t->buffer) {
		free(t);
		return NULL;
	}
	t->out = out;
	t->p = t->buffer;
	t->end = t->buffer + BUFFER - RESERVE;
	t->clock_s = INT64_MIN;
	return t;
}

void vmsync_text_free(struct vmsync_text *t)
{
	size_t i;

	if (!t)
		return;
	for (i = 0; i < SHAPE_SLOTS; i++) {
		free(t->shapes[i].lead);
		free(t->shapes[i].text);
	}
	free(t->buffer);
	free(t);
}

/* Objects that lie side by side get slots that do not. */
static size_t slot_of(const void *p)
{
	return (size_t)(((uintptr_t)p >> 4) * 0x9e3779b97f4a7c15u >> 40);
}

static void drain(struct vmsync_text *t)
{
	size_t n = (size_t)(t->p - t->buffer);

	if (n && fwrite(t->buffer, 1, n, t->out) != n)
		t->failed = true;
	t->p = t->buffer;
}

int vmsync_text_flush(struct vmsync_text *t)
{
	drain(t);
	return t->failed || fflush(t->out) ? -EIO : 0;
}

static inline void put(struct vmsync_text *t, const char *s, size_t n)
{
	if (t->p + n > t->end)
		drain(t);
	if (n > BUFFER - RESERVE) {
		if (fwrite(s, 1, n, t->out) != n)
			t->failed = true;
		return;
	}
	memcpy(t->p, s, n);
	t->p += n;
}

static inline void put_str(struct vmsync_text *t, const char *s)
{
	put(t, s, strlen(s));
}

/* Before up to RESERVE characters written through t->p. */
static inline void reserve(struct vmsync_text *t)
{
	if (t->p > t->end)
		drain(t);
}

static const char two_digits[] =
	"00010203040506070809101112131415161718192021222324"
	"25262728293031323334353637383940414243444546474849"
	"50515253545556575859606162636465666768697071727374"
	"75767778798081828384858687888990919293949596979899";

static inline char *format_u64(char *p, uint64_t u)
{
	char digits[20];
	char *d = digits + sizeof(digits);

	while (u >= 100) {
		d -= 2;
		memcpy(d, two_digits + u % 100 * 2, 2);
		u /= 100;
	}
	if (u >= 10) {
		d -= 2;
		memcpy(d, two_digits + u * 2, 2);
	} else {
		*--d = (char)('0' + u);
	}
	memcpy(p, d, (size_t)(digits + sizeof(digits) - d));
	return p + (digits + sizeof(digits) - d);
}

/* Nine digits: a fraction of a second in ns. */
static inline char *format_ns(char *p, uint32_t ns)
{
	uint32_t high = ns / 100000;
	uint32_t low = ns % 100000;

	p[0] = (char)('0' + high / 1000);
	p[1] = (char)('0' + high / 100 % 10);
	memcpy(p + 2, two_digits + high % 100 * 2, 2);
	p[4] = (char)('0' + low / 10000);
	memcpy(p + 5, two_digits + low / 100 % 100 * 2, 2);
	memcpy(p + 7, two_digits + low % 100 * 2, 2);
	return p + 9;
}

static char *format_hex(char *p, uint64_t u)
{
	int shift = (63 - __builtin_clzll(u | 1)) & ~3;

	for (; shift >= 0; shift -= 4)
		*p++ = "0123456789ABCDEF"[u >> shift & 15];
	return p;
}

static char *format_binary(char *p, uint64_t u, unsigned int bits)
{
	while (bits--)
		*p++ = (char)('0' + (u >> bits & 1));
	return p;
}

static uint64_t low_bits(uint64_t u, unsigned int n)
{
	return n >= 64 ? u : u & (((uint64_t)1 << n) - 1);
}

static char *format_int(char *p, const struct ctf_type *type, uint64_t u)
{
	switch (type->base) {
	case 16:
		memcpy(p, "0x", 2);
		/* A sign is cut off at the next nibble. */
		return format_hex(p + 2,
				  low_bits(u, (type->size + 3u) & ~3u));
	case 8:
		if (type->is_signed)
			u = low_bits(u, (type->size + 2u) / 3 * 3);
		return p + sprintf(p, "0%" PRIo64, u);
	case 2:
		memcpy(p, "0b", 2);
		return format_binary(p + 2, u, type->size);
	default:
		if (type->is_signed && (int64_t)u < 0) {
			*p++ = '-';
			u = -u;
		}
		return format_u64(p, u);
	}
}

static void put_escape(struct vmsync_text *t, unsigned char c)
{
	static const char names[] = "\aa\bb\033e\ff\nn\rr\tt\vv";
	const char *name = c ? strchr(names, c) : NULL;
	char hex[8];

	if (strchr("\\'\"?", c)) {
		hex[0] = '\\';
		hex[1] = (char)c;
		put(t, hex, 2);
	} else if (name && !((name - names) & 1)) {
		hex[0] = '\\';
		hex[1] = name[1];
		put(t, hex, 2);
	} else {
		put(t, hex, (size_t)sprintf(hex, "\\x%02x", c));
	}
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c != 0x7f && c != '"' && c != '\\' && c != '\'' &&
	       c != '?';
}

static void put_quoted(struct vmsync_text *t, const char *s, size_t n)
{
	size_t i = 0;

	put(t, "\"", 1);
	while (i < n) {
		size_t start = i;

		while (i < n && is_plain((unsigned char)s[i]))
			i++;
		put(t, s + start, i - start);
		if (i < n)
			put_escape(t, (unsigned char)s[i++]);
	}
	put(t, "\"", 1);
}

static void put_enum(struct vmsync_text *t, const struct ctf_type *type,
		     uint64_t u)
{
	bool first = true;
	size_t i;

	put(t, "( ", 2);
	for (i = 0; i < type->n_ranges; i++) {
		const struct ctf_range *r = &type->ranges[i];
		bool in = type->is_signed ?
				  (int64_t)u >= (int64_t)r->lo &&
					  (int64_t)u <= (int64_t)r->hi :
				  u >= r->lo && u <= r->hi;

		if (!in)
			continue;
		if (!first)
			put(t, ", ", 2);
		put_quoted(t, r->label, strlen(r->label));
		first = false;
	}
	if (first)
		put_str(t, "<unknown>");
	put_str(t, " : container = ");
	reserve(t);
	t->p = format_int(t->p, type, u);
	put(t, " )", 2);
}

static void put_leaf(struct vmsync_text *t, const struct ctf_value *v)
{
	switch (v->type->kind) {
	case CTF_INT:
		reserve(t);
		if (v->type->base == 10 && (int64_t)v->u >= 0)
			t->p = format_u64(t->p, v->u);
		else
			t->p = format_int(t->p, v->type, v->u);
		break;
	case CTF_ENUM:
		put_enum(t, v->type, v->u);
		break;
	case CTF_FLOAT:
		reserve(t);
		t->p += sprintf(t->p, "%g", v->f);
		break;
	default:
		put_quoted(t, v->str, v->len);
	}
}

/* Where in the nesting we are: what the next member is preceded by. */
struct level {
	enum ctf_kind kind;
	uint64_t n;
};

#define MAX_DEPTH 64

/* What comes before a member or element. */
static void put_lead(struct vmsync_text *t, struct level *l, const char *name)
{
	if (l->kind == CTF_VARIANT)
		return; /* its brace has a blank already, its option no name */
	put(t, ", " + !l->n, l->n ? 2 : 1);
	if (l->kind == CTF_STRUCT) {
		put_str(t, name);
		put(t, " = ", 3);
	} else {
		reserve(t);
		*t->p++ = '[';
		t->p = format_u64(t->p, l->n);
		memcpy(t->p, "] = ", 4);
		t->p += 4;
	}
	l->n++;
}

static void put_fields(struct vmsync_text *t, const struct ctf_value *v, long n)
{
	struct level levels[MAX_DEPTH + 1];
	unsigned int depth = 0;
	bool first = true;
	long i;

	for (i = 0; i < n; i++, v++) {
		struct level *l = &levels[depth];

		if (v->step == CTF_CLOSE) {
			bool list = l->kind == CTF_ARRAY ||
				    l->kind == CTF_SEQUENCE;

			put(t, list ? " ]" : " }", 2);
			if (depth)
				depth--;
			continue;
		}
		if (depth)
			put_lead(t, l, v->name ? v->name : "");
		else if (!first)
			put(t, ", ", 2);
		first = false;
		if (v->step == CTF_LEAF) {
			put_leaf(t, v);
			continue;
		}
		if (depth < MAX_DEPTH)
			depth++;
		levels[depth].kind = v->type->kind;
		levels[depth].n = 0;
		if (v->type->kind == CTF_STRUCT)
			put(t, "{", 1);
		else if (v->type->kind == CTF_VARIANT)
			put(t, "{ ", 2);
		else
			put(t, "[", 1);
	}
}

static bool is_leaf(const struct ctf_value *v)
{
	return v->step == CTF_LEAF;
}

static bool type_is_fixed(const struct ctf_type *type, int depth)
{
	size_t i;

	if (!type)
		return true;
	if (type->kind == CTF_ARRAY || type->kind == CTF_SEQUENCE)
		return type->is_text;
	if (type->kind == CTF_VARIANT || depth > 8)
		return false;
	for (i = 0; type->kind == CTF_STRUCT && i < type->n_members; i++) {
		if (!type_is_fixed(type->members[i].type, depth + 1))
			return false;
	}
	return true;
}

/* Room for all that the steps of an event can need beside the values. */
static size_t shape_room(const struct ctf_value *v, long n)
{
	size_t room = 1;
	long i;

	for (i = 0; i < n; i++)
		room += 16 + (v[i].name ? strlen(v[i].name) : 0);
	return room;
}

static char *shape_step(char *p, const struct ctf_value *v, unsigned int *depth,
			uint64_t *members)
{
	if (v->step == CTF_CLOSE) {
		if (*depth)
			--*depth;
		return stpcpy(p, " }");
	}
	if (*depth) {
		p = stpcpy(p, members[*depth] ? ", " : " ");
		p = stpcpy(stpcpy(p, v->name ? v->name : ""), " = ");
	} else if (members[0]) {
		p = stpcpy(p, ", ");
	}
	members[*depth]++;
	if (v->step != CTF_OPEN)
		return p;
	members[++*depth] = 0;
	return stpcpy(p, "{");
}

static void shape_make(struct shape *sh, const struct ctf_value *v, long n)
{
	uint64_t members[16] = { 0 };
	unsigned int depth = 0;
	char *p, *start;
	long i;

	sh->steps = -1;
	for (i = CTF_STREAM_CONTEXT; i < CTF_SCOPES; i++) {
		if (!type_is_fixed(sh->cls->scope[i], 0))
			return;
	}
	sh->lead = calloc((size_t)n + 1, sizeof(*sh->lead));
	sh->text = malloc(shape_room(v, n));
	if (!sh->lead || !sh->text)
		return; /* slower, not wrong */
	start = p = sh->text;
	for (i = 0; i < n; i++) {
		p = shape_step(p, &v[i], &depth, members);
		if (!is_leaf(&v[i]) && i + 1 < n)
			continue;
		sh->lead[sh->n++] = (struct lead){
			.text = start,
			.len = (uint32_t)(p - start),
			.is_value = is_leaf(&v[i]),
		};
		start = p;
	}
	sh->steps = n;
}

static struct shape *shape_of(struct vmsync_text *t, const struct ctf_class *cls,
			      const struct ctf_value *v, long n)
{
	struct shape *sh = &t->shapes[slot_of(cls) % SHAPE_SLOTS];

	if (sh->known)
		return sh->cls == cls && sh->steps == n ? sh : NULL;
	sh->known = true;
	sh->cls = cls;
	shape_make(sh, v, n);
	return sh->steps == n ? sh : NULL;
}

static void put_shaped(struct vmsync_text *t, const struct shape *sh,
		       const struct ctf_value *v)
{
	long i;

	for (i = 0; i < sh->n; i++) {
		put(t, sh->lead[i].text, sh->lead[i].len);
		if (!sh->lead[i].is_value)
			break;
		while (!is_leaf(v))
			v++;
		put_leaf(t, v++);
	}
}

static bool is_packet_own(const char *name)
{
	static const char *const own[] = {
		"timestamp_begin", "timestamp_end",  "content_size",
		"packet_size",	   "packet_seq_num", "events_discarded",
	};
	size_t i;

	for (i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
		if (!strcmp(own[i], name))
			return true;
	}
	return false;
}

static void packet_text(struct fixed *t, const struct ctf_event *ev)
{
	const struct ctf_type *type = ev->cls->scope[CTF_PACKET_CONTEXT];
	char *p = t->packet;
	size_t i, n = 0;

	t->packet_len = 0;
	if (!type)
		return;
	*p++ = '{';
	for (i = 0; i < type->n_members; i++) {
		const struct ctf_member *m = &type->members[i];
		struct ctf_field field;
		uint64_t u;

		if (is_packet_own(m->name) || strlen(m->name) > 128 ||
		    p - t->packet > (long)sizeof(t->packet) - 256)
			continue;
		if (!ctf_field_find(ev->cls, CTF_PACKET_CONTEXT, m->raw_name,
				    &field) ||
		    field.type->kind != CTF_INT ||
		    !ctf_get_u64(ev, &field, &u))
			continue;
		p += sprintf(p, "%s%s = ", n++ ? ", " : " ", m->name);
		p = format_int(p, field.type, u);
	}
	p += sprintf(p, " }, ");
	t->packet_len = (size_t)(p - t->packet);
}

static void who_text(struct fixed *t, const struct ctf_trace *trace)
{
	const char *host = ctf_trace_env(trace, "hostname");
	const char *proc = ctf_trace_env(trace, "procname");
	const char *vpid = ctf_trace_env(trace, "vpid");
	int n;

	n = snprintf(t->who, sizeof(t->who), "%.200s%s%.200s%s%.20s%s",
		     host ? host : "", host && proc ? ":" : "",
		     proc ? proc : "",
		     vpid ? (host || proc ? ":(" : "(") : "", vpid ? vpid : "",
		     vpid ? ")" : "");
	if (n)
		strcat(t->who, " ");
	t->who_len = strlen(t->who);
}

static const struct fixed *fixed_of(struct vmsync_text *t,
				    const struct ctf_event *ev)
{
	struct fixed *f =
		&t->fixed[slot_of(ev->stream) % FIXED_SLOTS];

	if (f->stream == ev->stream && f->packet_offset == ev->packet->offset)
		return f;
	if (f->stream != ev->stream)
		who_text(f, ctf_stream_trace(ev->stream));
	f->stream = ev->stream;
	f->packet_offset = ev->packet->offset;
	packet_text(f, ev);
	return f;
}

static void clock_text(struct vmsync_text *t, int64_t s)
{
	time_t when = (time_t)s;
	struct tm tm;

	t->clock_s = s;
	if (!localtime_r(&when, &tm))
		memset(&tm, 0, sizeof(tm));
	snprintf(t->clock_text, sizeof(t->clock_text), "%02d:%02d:%02d",
		 tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
}

/* "[21:11:12.671951655] (+0.000019996) " */
static void put_time(struct vmsync_text *t, int64_t ns)
{
	char *p;

	reserve(t);
	p = t->p;
	*p++ = '[';
	if (ns >= 0) {
		int64_t s = ns / NSEC_PER_SEC;

		if (s != t->clock_s)
			clock_text(t, s);
		memcpy(p, t->clock_text, 8);
		p[8] = '.';
		p = format_ns(p + 9, (uint32_t)(ns - s * NSEC_PER_SEC));
	} else {
		p += sprintf(p, "-%" PRId64 ".%09" PRId64, -(ns / NSEC_PER_SEC),
			     -(ns % NSEC_PER_SEC));
	}
	memcpy(p, "] (+", 4);
	p += 4;
	if (t->has_last) {
		uint64_t delta = (uint64_t)ns - (uint64_t)t->last_ns;

		p = format_u64(p, delta / NSEC_PER_SEC);
		*p++ = '.';
		p = format_ns(p, (uint32_t)(delta % NSEC_PER_SEC));
	} else {
		memcpy(p, "?.?????????", 11);
		p += 11;
	}
	memcpy(p, ") ", 2);
	t->p = p + 2;
	t->has_last = true;
	t->last_ns = ns;
}

int vmsync_text_event(struct vmsync_text *t, const struct ctf_event *ev)
{
	const struct fixed *fixed = fixed_of(t, ev);
	const struct ctf_value *values;
	const struct shape *shape;
	long n = ctf_event_values(ev, &values);

	if (n < 0)
		return (int)n;
	if (ev->cls->clock)
		put_time(t, (int64_t)ev->time);
	put(t, fixed->who, fixed->who_len);
	put_str(t, ev->cls->name);
	put(t, ": ", 2);
	/* Its ", " is only for what follows. */
	put(t, fixed->packet,
	    n || !fixed->packet_len ? fixed->packet_len : fixed->packet_len - 2);
	shape = shape_of(t, ev->cls, values, n);
	if (shape)
		put_shaped(t, shape, values);
	else
		put_fields(t, values, n);
	put(t, "\n", 1);
	return t->failed ? -EIO : 0;
}
