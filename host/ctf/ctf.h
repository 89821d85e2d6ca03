/* SPDX-License-Identifier: MIT */
/*
 * ctf: reads, merges and rewrites traces in the Common Trace Format.
 *
 * A *trace* is a folder with a file "metadata" and one file per *stream*
 * (LTTng: one per channel and CPU). A stream is a row of *packets*, a packet a
 * row of *events*. An event has a *class* (its name and its fields) and a raw
 * *clock value*: cycles of the stream's clock as the tracer stored them. This
 * library never interprets a clock: it hands out raw values, and whoever wants
 * another time passes a struct ctf_map.
 *
 * To read one trace in time order:
 *
 *	struct ctf_error e;
 *	const struct ctf_event *ev;
 *	struct ctf_trace *t = ctf_trace_open("path", &e);
 *	struct ctf_merge *m = ctf_merge_new();
 *
 *	ctf_merge_add(m, t, NULL, &e);
 *	while (ctf_merge_next(m, &ev, &e) > 0)
 *		use(ev->time, ev->cls->name);
 *	ctf_merge_free(m);
 *	ctf_trace_close(t);
 *
 * Conventions. Functions that can fail take a struct ctf_error and return
 * NULL or a negative errno; nothing is printed, nothing exits. What a function
 * returns as const belongs to the library and lives as long as the object it
 * came from. A trace is read-only once open and may be shared by threads; a
 * cursor, a merge and an event belong to one thread at a time. Whatever a
 * trace holds, however broken, ends in an error and never in a crash; a file
 * that another program shortens while it is being read is the one exception.
 */
#ifndef CTF_CTF_H
#define CTF_CTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct ctf_error - why something failed
 * @code:	negative errno (-EINVAL: the trace is not well formed, -ENOTSUP:
 *		it uses something this library does not know, -ENOENT, -EIO,
 *		-ENOSPC, ...)
 * @msg:	one line that names the file, and the line:column of metadata or
 *		the byte offset of a packet; no newline at the end
 * @remedy:	one line that says what the user can do, or ""
 */
struct ctf_error {
	int code;
	char msg[512];
	char remedy[192];
};

/* ------------------------------------------------------------------ traces */

struct ctf_trace;
struct ctf_stream;

/**
 * struct ctf_paths - a sorted list of trace folders
 * @n:		how many
 * @path:	their paths
 * @n_dangling:	how many links lead to nothing that is there
 * @dangling:	their paths
 */
struct ctf_paths {
	size_t n;
	char **path;
	size_t n_dangling;
	char **dangling;
};

/**
 * ctf_find() - list the trace folders, and files of trace-cmd, at and below a folder
 * @path:	a trace folder, or a parent such as an LTTng session's folder; or a
 *		file that trace-cmd recorded
 * @out:	filled in; free with ctf_paths_free()
 * @e:		why it failed
 *
 * Goes down at most eight levels. Symbolic links to folders are followed, and
 * each folder is searched once, whatever leads to it. Finding none is an error
 * (-ENOENT), and so are a trace whose metadata is missing, a link to nothing or no
 * file, and what may not be looked at.
 */
int ctf_find(const char *path, struct ctf_paths *out, struct ctf_error *e);

/** ctf_paths_free() - free what ctf_find() filled in */
void ctf_paths_free(struct ctf_paths *p);

/**
 * ctf_trace_open() - open a trace folder
 * @path:	a folder that has a file "metadata" (see ctf_find() for parents)
 * @e:		why it failed
 *
 * Reads and compiles the metadata and looks at the first packet of every
 * stream file; empty stream files are left out. Return: the trace, to be
 * closed with ctf_trace_close(), or NULL.
 */
struct ctf_trace *ctf_trace_open(const char *path, struct ctf_error *e);

/**
 * ctf_trace_open_like() - the same, for one of many chunks of a session
 * @like:	another open trace, or NULL. Where the metadata of both are the
 *		same to the byte, what was compiled of it serves both.
 *
 * @like may be closed before the trace is. Not for several threads at once.
 */
struct ctf_trace *ctf_trace_open_like(const char *path, struct ctf_trace *like,
				      struct ctf_error *e);

/**
 * ctf_tracedat_reader() - have files that trace-cmd recorded opened, too
 * @convert:	writes as CTF into an empty folder what a file holds; 0 or a negative
 *		errno, with the error filled in. Called by ctf_trace_open()
 *
 * ctf_find() lists such files, known by how they begin, whether or not they can
 * be read.
 */
void ctf_tracedat_reader(int (*convert)(const char *path, const char *folder,
					struct ctf_error *e));

/** ctf_tracedat_readable() - whether there is a reader */
bool ctf_tracedat_readable(void);

/** ctf_trace_close() - close a trace; everything got from it is gone */
void ctf_trace_close(struct ctf_trace *t);

/** ctf_trace_path() - the path it was opened with, no slash at the end */
const char *ctf_trace_path(const struct ctf_trace *t);

/** ctf_trace_folder() - where its files are: the same, but for what is no folder */
const char *ctf_trace_folder(const struct ctf_trace *t);

/** ctf_trace_is_scratch() - whether that folder goes when the trace is closed */
bool ctf_trace_is_scratch(const struct ctf_trace *t);

/**
 * ctf_trace_env() - one entry of the environment
 * @t:		trace
 * @key:	"hostname", "domain", "tracer_name", "tracer_major", ...
 *
 * Return: its text (a number in decimal), or NULL where there is none.
 */
const char *ctf_trace_env(const struct ctf_trace *t, const char *key);

/**
 * struct ctf_clock - a clock class, as the metadata declares it
 * @name:	"monotonic", or "" where it has no name
 * @desc:	description, or ""
 * @has_uuid:	whether @uuid is there
 * @uuid:	identity of the clock (Trace Compass: of the host)
 * @freq:	cycles per second, never 0
 * @precision:	uncertainty in cycles, as declared
 * @offset_s:	seconds from the origin to value 0, may be negative
 * @offset:	cycles to add to that
 * @absolute:	whether it may be compared with other absolute clocks
 * @is_implied:	the metadata have none, but stamps
 */
struct ctf_clock {
	const char *name;
	const char *desc;
	bool has_uuid;
	uint8_t uuid[16];
	uint64_t freq;
	uint64_t precision;
	int64_t offset_s;
	int64_t offset;
	bool absolute;
	bool is_implied;
};

/** ctf_trace_clock() - the i-th clock class, NULL past the end */
const struct ctf_clock *ctf_trace_clock(const struct ctf_trace *t, size_t i);

/**
 * ctf_clock_ns() - ns from the clock's origin, by the offsets of the metadata
 * @c:		clock, or NULL: @value is returned as it is
 * @value:	raw clock value
 *
 * Return: ns, rounded towards the past, modulo 2^64.
 */
uint64_t ctf_clock_ns(const struct ctf_clock *c, uint64_t value);

/* ------------------------------------------------------------------- types */

enum ctf_kind {
	CTF_INT,
	CTF_ENUM,
	CTF_FLOAT,
	CTF_STRING,	/* bytes up to a NUL */
	CTF_STRUCT,
	CTF_VARIANT,
	CTF_ARRAY,	/* as many elements as the metadata says */
	CTF_SEQUENCE,	/* as many elements as another field says */
};

struct ctf_range;
struct ctf_member;
struct ctf_choice;

/**
 * struct ctf_type - a field type
 * @kind:	which of the above
 * @size:	bits of an int, enum or float (1..64)
 * @base:	how an int wants to be printed: 2, 8, 10 or 16
 * @is_signed:	an int or enum has a sign
 * @big_endian:	byte order of an int, enum or float
 * @is_text:	an int that is a character; an array or sequence of 8-bit
 *		characters, which is then read like a string
 * @clock:	the clock an int carries a value of, or NULL
 * @align:	in bits, a power of two
 * @elem:	type of the elements of an array or sequence
 * @len:	number of elements of an array
 * @members:	members of a struct, options of a variant
 * @n_members:	their number
 * @ranges:	labels of an enum in the order of the metadata
 * @n_ranges:	their number
 */
struct ctf_type {
	enum ctf_kind kind;
	uint8_t size;
	uint8_t base;
	bool is_signed;
	bool big_endian;
	bool is_text;
	const struct ctf_clock *clock;
	uint32_t align;
	const struct ctf_type *elem;
	uint64_t len;
	const struct ctf_member *members;
	size_t n_members;
	const struct ctf_range *ranges;
	size_t n_ranges;
	const char *ref;	/* internal: length or tag, as written */
	uint32_t ref_line;	/* internal: for messages */
	uint32_t ref_col;
	uint64_t bits;		/* internal: fixed size, or UINT64_MAX */
	uint8_t depth;		/* internal: of nesting */
	uint8_t role;		/* internal: what CTF 2 says it means */
	uint8_t ref_scope;	/* internal: scope of ref plus 1, 0: look for it */
	bool is_varlen;		/* an int of as many bytes as it needs (CTF 2) */
	bool is_optional;	/* a variant with one option, or none */
	const struct ctf_choice *choices; /* internal: of a CTF 2 variant */
	size_t n_choices;
};

/** struct ctf_member - a member of a struct or an option of a variant */
struct ctf_member {
	const char *name;	/* without LTTng's leading underscore */
	const char *raw_name;	/* as written */
	const struct ctf_type *type;
};

/**
 * struct ctf_range - values lo..hi of an enum have this label
 *
 * To be compared as int64_t where the enum is signed.
 */
struct ctf_range {
	uint64_t lo, hi;
	const char *label;
};

/**
 * enum ctf_scope - where a field is
 *
 * Within an event the order in memory is stream context, event context,
 * payload.
 */
enum ctf_scope {
	CTF_PACKET_HEADER,
	CTF_PACKET_CONTEXT,	/* cpu_id, events_discarded, ... */
	CTF_EVENT_HEADER,
	CTF_STREAM_CONTEXT,	/* LTTng's "add-context": pid, tid, procname */
	CTF_EVENT_CONTEXT,
	CTF_PAYLOAD,
	CTF_SCOPES,
};

/**
 * struct ctf_class - an event class
 * @name:	"sched_switch"; several classes of a trace have the same name
 *		where several channels record the event
 * @index:	0 .. ctf_trace_classes() - 1, for tables beside the classes
 * @id:		number within its stream class
 * @stream_id:	number of its stream class
 * @loglevel:	LTTng-UST's number, or -1
 * @clock:	clock of its stamps, or NULL
 * @scope:	the struct of each scope, or NULL
 */
struct ctf_class {
	const char *name;
	size_t index;
	uint64_t id;
	uint64_t stream_id;
	int loglevel;
	const struct ctf_clock *clock;
	const struct ctf_type *scope[CTF_SCOPES];
};

/** ctf_trace_classes() - number of event classes */
size_t ctf_trace_classes(const struct ctf_trace *t);

/** ctf_trace_class() - the class with this index, NULL past the end */
const struct ctf_class *ctf_trace_class(const struct ctf_trace *t, size_t i);

/* ----------------------------------------------------------------- streams */

/** ctf_trace_streams() - number of stream files that are not empty */
size_t ctf_trace_streams(const struct ctf_trace *t);

/** ctf_trace_stream() - the i-th stream in the order of names, or NULL */
const struct ctf_stream *ctf_trace_stream(const struct ctf_trace *t, size_t i);

/** ctf_trace_empty() - the name of the i-th file of the trace without content, or NULL */
const char *ctf_trace_empty(const struct ctf_trace *t, size_t i);

/** ctf_stream_name() - its file name: "channel0_0" */
const char *ctf_stream_name(const struct ctf_stream *s);

/** ctf_stream_bytes() - size of its file when it was opened */
uint64_t ctf_stream_bytes(const struct ctf_stream *s);

/** ctf_stream_trace() - the trace it belongs to */
const struct ctf_trace *ctf_stream_trace(const struct ctf_stream *s);

/** ctf_stream_clock() - the clock of its stamps, or NULL */
const struct ctf_clock *ctf_stream_clock(const struct ctf_stream *s);

#define CTF_HAS_BEGIN		(1u << 0)
#define CTF_HAS_END		(1u << 1)
#define CTF_HAS_DISCARDED	(1u << 2)
#define CTF_HAS_SEQ		(1u << 3)
#define CTF_HAS_CPU		(1u << 4)
#define CTF_HAS_INSTANCE	(1u << 5)

/**
 * struct ctf_packet - what a packet says about itself
 * @has:	which of begin, end, discarded, seq, cpu, instance are there
 * @cpu:	cpu_id, or UINT32_MAX
 * @offset:	byte offset in the stream file
 * @size:	bytes, with padding
 * @content:	bits in use, from the packet's start
 * @begin:	raw clock value; events are not before it, as a rule (barectf's were)
 * @end:	raw clock value; events are not after it, as a rule (LTTng's were)
 * @discarded:	events lost since the stream began (a running counter)
 * @seq:	number of the packet
 * @stream_id:	stream class
 * @instance:	stream instance id
 * @lost:	packets missing just before this one (a gap in @seq)
 * @dropped:	events discarded since the packet before this one
 * @events_at:	bit offset of the first event's header
 */
struct ctf_packet {
	uint32_t has;
	uint32_t cpu;
	uint64_t offset;
	uint64_t size;
	uint64_t content;
	uint64_t begin;
	uint64_t end;
	uint64_t discarded;
	uint64_t seq;
	uint64_t stream_id;
	uint64_t instance;
	uint64_t lost;
	uint64_t dropped;
	uint64_t events_at;
};

/**
 * ctf_stream_packet() - read the head of one packet and check it
 * @s:		stream
 * @prev:	the packet before it, or NULL for the first one
 * @out:	filled in; may be @prev
 * @e:		why it failed
 *
 * To walk a stream's packets without their events. Return: 1, or 0 at the end
 * of the file, or a negative errno.
 */
int ctf_stream_packet(const struct ctf_stream *s, const struct ctf_packet *prev,
		      struct ctf_packet *out, struct ctf_error *e);

/** ctf_packet_has_events() - it is not its head alone */
bool ctf_packet_has_events(const struct ctf_packet *p);

/**
 * struct ctf_span - the sum over the packets of a stream or a trace
 * @packets:	number of packets
 * @bytes:	size of the stream files
 * @begin:	smallest packet begin (raw clock value), UINT64_MAX if none
 * @end:	largest packet end, 0 if none
 * @discarded:	events the tracer discarded, all streams
 * @lost:	packets missing, all streams
 */
struct ctf_span {
	uint64_t packets;
	uint64_t bytes;
	uint64_t begin;
	uint64_t end;
	uint64_t discarded;
	uint64_t lost;
};

/** ctf_stream_span() - sum up a stream; reads its packets' heads only */
int ctf_stream_span(const struct ctf_stream *s, struct ctf_span *out,
		    struct ctf_error *e);

/** ctf_trace_span() - sum up all streams of a trace */
int ctf_trace_span(const struct ctf_trace *t, struct ctf_span *out,
		   struct ctf_error *e);

/* ------------------------------------------------------------------ events */

/**
 * struct ctf_event - the event a cursor or a merge is at
 * @cls:	its class
 * @clock:	raw clock value
 * @time:	the mapped clock value (merge), or the same as @clock (cursor)
 * @stream:	the stream it is in
 * @packet:	the packet it is in
 * @cpu:	cpu_id of the packet, or UINT32_MAX
 * @source:	merge: which call of ctf_merge_add() it came from, from 0
 * @at:		bit offset in the packet of the event's fields (after the
 *		event's header)
 * @note:	see ctf_merge_note() of take.h, NULL where there is none
 * @data:	internal
 * @state:	internal
 *
 * Valid until the next call on the cursor or merge that gave it.
 */
struct ctf_event {
	const struct ctf_class *cls;
	uint64_t clock;
	uint64_t time;
	const struct ctf_stream *stream;
	const struct ctf_packet *packet;
	uint32_t cpu;
	uint32_t source;
	uint64_t at;
	void *note;
	const uint8_t *data;
	void *state;
};

/**
 * struct ctf_field - a field of one event class, resolved once
 *
 * Only @type is for users.
 */
struct ctf_field {
	const struct ctf_type *type;
	const struct ctf_class *cls;
	const void *node;
	uint64_t fixed;		/* bits from ctf_event.at, or UINT64_MAX */
	uint8_t fast;		/* which plain load reads it, or 0 */
	uint64_t text;		/* bytes of a text array at @fixed, or 0 */
};

/**
 * ctf_field_find() - resolve a field
 * @cls:	event class
 * @scope:	where to look
 * @path:	member name, or names with dots ("v.option.member"); LTTng's
 *		leading underscore may be left out
 * @out:	filled in
 *
 * Return: whether it is there. The getters below take fields of the event's
 * own class only, and return false for others, so a table of handles by
 * ctf_class.index is the way to read one field of several classes.
 */
bool ctf_field_find(const struct ctf_class *cls, enum ctf_scope scope,
		    const char *path, struct ctf_field *out);

/**
 * ctf_field_any() - resolve a field wherever it is
 *
 * As ctf_field_find(), looking into payload, event context, stream context and
 * packet context, in this order.
 */
bool ctf_field_any(const struct ctf_class *cls, const char *path,
		   struct ctf_field *out);

/**
 * ctf_get_u64() - an integer or enum of the current event
 * @ev:		event
 * @f:		a field of its class
 * @out:	sign-extended where the type is signed
 *
 * Return: false where the field is absent (an option of a variant that is not
 * the chosen one, a field of another class, not an integer).
 */
bool ctf_get_u64(const struct ctf_event *ev, const struct ctf_field *f,
		 uint64_t *out);

/** ctf_get_s64() - the same, as a signed number */
bool ctf_get_s64(const struct ctf_event *ev, const struct ctf_field *f,
		 int64_t *out);

/** ctf_get_f64() - a floating point number of the current event */
bool ctf_get_f64(const struct ctf_event *ev, const struct ctf_field *f,
		 double *out);

/**
 * ctf_get_str() - a string or a text array of the current event
 * @ev:		event
 * @f:		a field of its class
 * @len:	bytes up to a NUL or the end of the field; may be NULL only for
 *		fields of kind CTF_STRING, which have a NUL at the end
 *
 * Return: the first byte, in the library's memory, valid as long as the event;
 * NULL where the field is absent or not text. Not always NUL-terminated.
 */
const char *ctf_get_str(const struct ctf_event *ev, const struct ctf_field *f,
			size_t *len);

/**
 * ctf_str_begins() - whether a text of the current event begins with @s
 * @ev:		event
 * @f:		a field of its class
 * @s:		[@n] bytes, no NUL among them
 *
 * Faster than ctf_get_str() where most do not. Return: false also where the
 * field is absent or not text.
 */
bool ctf_str_begins(const struct ctf_event *ev, const struct ctf_field *f,
		    const char *s, size_t n);

/**
 * ctf_get_len() - number of elements of an array or sequence
 *
 * Return: false where the field is absent or neither.
 */
bool ctf_get_len(const struct ctf_event *ev, const struct ctf_field *f,
		 uint64_t *out);

/**
 * ctf_get_elem() - the i-th element of an array or sequence of integers
 * @ev:		event
 * @f:		a field of its class
 * @i:		from 0
 * @out:	sign-extended where the elements are signed
 */
bool ctf_get_elem(const struct ctf_event *ev, const struct ctf_field *f,
		  uint64_t i, uint64_t *out);

enum ctf_step {
	CTF_LEAF,	/* a value */
	CTF_OPEN,	/* begin of a struct, variant, array or sequence */
	CTF_CLOSE,	/* its end */
};

/**
 * struct ctf_value - one step of a walk over all fields of an event
 * @type:	its type
 * @name:	its name, NULL for an element of an array
 * @step:	value, begin or end
 * @scope:	where it is
 * @len:	CTF_LEAF of a string or text: its bytes; CTF_OPEN of an array or
 *		sequence: number of elements
 * @u:		integer, enum (sign-extended where signed)
 * @s:		the same
 * @f:		floating point number
 * @str:	string or text, not always NUL-terminated
 *
 * A variant's CTF_OPEN is followed by the chosen option and its CTF_CLOSE.
 * Arrays and sequences that are text are one CTF_LEAF. Each scope that the
 * class has begins with a CTF_OPEN whose name is NULL.
 */
struct ctf_value {
	const struct ctf_type *type;
	const char *name;
	uint8_t step;
	uint8_t scope;
	uint32_t len;
	union {
		uint64_t u;
		int64_t s;
		double f;
		const char *str;
	};
};

/**
 * ctf_event_values() - decode every field of the current event
 * @ev:		event
 * @out:	the steps, in the library's memory, valid as long as the event
 *		and until the next call for an event of the same stream
 *
 * Covers the stream context, event context and payload, but for readings of the
 * clock that no length or tag refers to. Return: number of steps, or a negative errno (-ENOMEM, -EINVAL).
 */
long ctf_event_values(const struct ctf_event *ev,
		      const struct ctf_value **out);

/**
 * ctf_packet_values() - decode the packet context of the current event
 * @ev:		event
 * @out:	the steps, as for ctf_event_values()
 *
 * Sizes, times and counters of the packet itself (struct ctf_packet has them) are
 * left out, but for those that are the length or tag of something. Return: number
 * of steps, 0 where nothing is left, or a negative errno.
 */
long ctf_packet_values(const struct ctf_event *ev,
		       const struct ctf_value **out);

/* ------------------------------------------------------------------- cursor */

struct ctf_cursor;

/**
 * ctf_cursor_new() - a cursor before the first event of a stream
 * @s:		stream
 * @want:	NULL for all events, or one byte per class of the trace
 *		(ctf_trace_classes() bytes), nonzero for the classes wanted;
 *		the others are skipped at a fraction of the cost. Not copied:
 *		it must live as long as the cursor
 * @e:		why it failed
 *
 * Return: the cursor, to be freed with ctf_cursor_free(), or NULL.
 */
struct ctf_cursor *ctf_cursor_new(const struct ctf_stream *s,
				  const uint8_t *want, struct ctf_error *e);

/** ctf_cursor_free() - free a cursor, NULL is fine */
void ctf_cursor_free(struct ctf_cursor *c);

/**
 * ctf_cursor_next() - go to the next event
 * @c:		cursor
 * @ev:		the event
 * @e:		why it failed
 *
 * Return: 1, or 0 after the last event, or a negative errno. An error is final:
 * the events before it were good, and every later call gives it again.
 */
int ctf_cursor_next(struct ctf_cursor *c, const struct ctf_event **ev,
		    struct ctf_error *e);

/**
 * ctf_cursor_skipped() - events passed over so far because not wanted
 *
 * Exact once ctf_cursor_next() has returned 0.
 */
uint64_t ctf_cursor_skipped(const struct ctf_cursor *c);

/**
 * ctf_trace_first() - the class of some early event, of those wanted
 * @t:		trace
 * @want:	one byte per class of the trace, as for ctf_cursor_new()
 * @cls:	the class, or NULL if the trace holds no such event
 * @e:		why it failed
 *
 * Reads a packet of each stream in turn and stops at the first such event: not
 * the earliest one, but cheap where they are spread over the trace. Return: 0
 * or a negative errno.
 */
int ctf_trace_first(const struct ctf_trace *t, const uint8_t *want,
		    const struct ctf_class **cls, struct ctf_error *e);

/**
 * ctf_trace_first_events() - the same, and all wanted events of that packet
 * @see:	told of each, as far as they were decoded together
 * @ctx:	its first argument
 */
int ctf_trace_first_events(const struct ctf_trace *t, const uint8_t *want,
			   void (*see)(void *ctx, const struct ctf_event *ev),
			   void *ctx, struct ctf_error *e);

/* ------------------------------------------------------------------ threads */

/**
 * ctf_jobs() - how many threads "so many, 0: one per processor" means
 * Those that this program may use count, not all that there are.
 */
unsigned int ctf_jobs(unsigned int jobs);

/* -------------------------------------------------------------------- merge */

/**
 * struct ctf_map - a map of clock values
 * @fn:		fills @out with the mapped values of @in; the values of one call
 *		are of one stream and non-decreasing. The map as a whole must be
 *		non-decreasing
 * @ctx:	first argument of @fn
 */
struct ctf_map {
	void (*fn)(void *ctx, const uint64_t *in, uint64_t *out, size_t n);
	void *ctx;
};

struct ctf_merge;
struct ctf_pool;

/**
 * ctf_pool_new() - threads that decode ahead, for any number of merges
 * @jobs:	threads, with the one that all these merges are called from; 0: one
 *		per processor
 * Return: to be freed with ctf_pool_free(), or NULL where there are no others.
 */
struct ctf_pool *ctf_pool_new(unsigned int jobs);

/** ctf_pool_free() - end the threads; NULL is fine */
void ctf_pool_free(struct ctf_pool *p);

/** ctf_merge_new() - an empty merge, NULL only where memory is out */
struct ctf_merge *ctf_merge_new(void);

/** ctf_merge_free() - free a merge, NULL is fine */
void ctf_merge_free(struct ctf_merge *m);

/**
 * ctf_merge_add() - add all streams of a trace
 * @m:		merge, before the first ctf_merge_next()
 * @t:		trace, must outlive the merge
 * @map:	how to get ctf_event.time, copied; NULL: ctf_clock_ns()
 * @e:		why it failed
 *
 * Return: the source number (0 for the first trace added), or a negative errno.
 */
int ctf_merge_add(struct ctf_merge *m, const struct ctf_trace *t,
		  const struct ctf_map *map, struct ctf_error *e);

/**
 * ctf_merge_add_stream() - add one stream; as ctf_merge_add()
 * @m:		merge
 * @s:		stream
 * @map:	how to get ctf_event.time, or NULL
 * @want:	NULL, or the classes wanted, as for ctf_cursor_new()
 * @e:		why it failed
 */
int ctf_merge_add_stream(struct ctf_merge *m, const struct ctf_stream *s,
			 const struct ctf_map *map, const uint8_t *want,
			 struct ctf_error *e);

/** ctf_merge_add_want() - ctf_merge_add() with a selection (one byte per class) */
int ctf_merge_add_want(struct ctf_merge *m, const struct ctf_trace *t,
		       const struct ctf_map *map, const uint8_t *want,
		       struct ctf_error *e);

/**
 * ctf_merge_pool() - have other threads decode what will be needed next
 * @m:		merge, before the first ctf_merge_next()
 * @pool:	must outlive the merge; NULL is fine. Maps are called in any of its
 *		threads, those of one stream one after the other
 */
void ctf_merge_pool(struct ctf_merge *m, struct ctf_pool *pool);

/**
 * ctf_merge_next() - the next event in the order of ctf_event.time
 * @m:		merge
 * @ev:		the event
 * @e:		why it failed
 *
 * Events of equal time come in the order in which their traces were added,
 * within a trace in the order of its streams (by name, numbers by value),
 * within a stream as recorded. Return: 1, 0 after the last, negative errno.
 */
int ctf_merge_next(struct ctf_merge *m, const struct ctf_event **ev,
		   struct ctf_error *e);

#endif /* CTF_CTF_H */
