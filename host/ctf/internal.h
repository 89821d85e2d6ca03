/* SPDX-License-Identifier: MIT */
/*
 * What the files of host/ctf share and nobody else sees.
 *
 * Metadata is parsed into types (parse.c), each event class into a *program*
 * (plan.c): a flat list of ops, one per leaf, that one executor (exec.c) runs
 * bit by bit for any layout. Where everything lies on whole bytes the same
 * class also gets a *skip list* (fold.c): runs of fixed fields folded to one
 * addition. The hot loops (walk.c) know skip lists and the common headers and
 * nothing else.
 */
#ifndef CTF_INTERNAL_H
#define CTF_INTERNAL_H

#include <errno.h>
#include <string.h>
#include <sys/types.h>

#include "ctf/ctf.h"
#include "ctf/files.h"

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)

/* Limits on what a trace may ask of us. */
#define MAX_METADATA	(256u << 20)	/* bytes of metadata text */
#define MAX_DEPTH	32		/* nesting of types */
#define MAX_NODES	(1u << 16)	/* fields of one event class */
#define MAX_ALL_NODES	(1u << 22)	/* fields of all event classes */
#define MAX_BITS	(1ull << 32)	/* bits of one packet, of one field */
#define MAX_HEAD	65536		/* bytes of a packet's head */
#define MAX_EMPTY	1024		/* elements of a list that take no bits */
#define DENSE_IDS	65536		/* event ids in the direct table */
#define COMMON_SLOTS	128		/* packet and event header values */
#define ALL_SLOTS	1024		/* with those of one event class */
#define BATCH		2048		/* events decoded at a time */

#define CTF_MAGIC	0xC1FC1FC1u
#define META_MAGIC	0x75D11D57u

/* error.c */
int fail(struct ctf_error *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
int remedy(struct ctf_error *e, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int fail_nomem(struct ctf_error *e);

/* arena.c: memory that lives as long as a trace */
struct arena {
	struct chunk *head;
	size_t used, size;
	size_t total;
};

void *arena_get(struct arena *a, size_t size);
char *arena_text(struct arena *a, const char *s, size_t len);
void arena_free(struct arena *a);

/* A vector whose memory is the heap's; *v is NULL at first. */
int vec_grow(void *v, size_t *cap, size_t need, size_t size);

/* A place of a type in one event class, or in one packet head. */
struct node {
	const struct ctf_type *type;
	const char *name, *raw;
	struct node *parent, *child, *next;
	uint64_t fixed;		/* bits from the program's start, or NOT_FIXED */
	uint32_t op;		/* index of its (first) op */
	uint8_t scope;
	uint8_t loops;		/* how many loops it is in */
};

#define NOT_FIXED	UINT64_MAX

enum op_code {
	OP_END,
	OP_U8, OP_U16, OP_U32, OP_U64,	/* little endian, on whole bytes */
	OP_S8, OP_S16, OP_S32, OP_S64,
	OP_INT,			/* any other int */
	OP_ULEB, OP_SLEB,	/* as many bytes as it takes, 7 bits each */
	OP_FLOAT,
	OP_STR,
	OP_TEXT,		/* array of n characters */
	OP_TEXT_SEQ,		/* sequence of characters */
	OP_OPEN,		/* struct */
	OP_CLOSE,
	OP_ARRAY,		/* opens n elements, jump: behind the loop */
	OP_SEQ,			/* opens slot[in] elements */
	OP_NEXT,		/* end of an element, jump: first op of the body */
	OP_VARIANT,		/* chooses by slot[in] */
	OP_VARIANT_END,		/* of an option, jump: behind the variant */
};

/* What a leaf means to us. */
enum sem {
	SEM_NONE,
	SEM_MAGIC, SEM_UUID, SEM_STREAM_ID, SEM_INSTANCE,
	SEM_BEGIN, SEM_END, SEM_CONTENT, SEM_PACKET, SEM_SEQ, SEM_DISCARDED,
	SEM_CPU,
	SEM_ID, SEM_STAMP,
	SEM_MAX,
};

struct option {
	uint64_t lo, hi;	/* values of the tag */
	uint32_t jump;		/* first op of the option */
};

struct op {
	uint8_t code;
	uint8_t size;		/* bits of a number */
	uint8_t sem;
	bool is_signed, big_endian;
	bool optional;		/* OP_VARIANT: no option at all is fine */
	uint8_t scope;
	int16_t slot;		/* where to keep the value, or -1 */
	int16_t in;		/* slot of the length or tag */
	uint16_t n_options;
	uint32_t align;		/* bits */
	uint32_t jump;
	union {
		uint64_t n;	/* elements of an array */
		const struct option *options;
	};
	const struct node *node;
	const struct ctf_type *type;	/* of the node */
	const char *name;
};

struct prog {
	struct op *op;
	uint32_t n;
	struct node *scope[CTF_SCOPES];	/* roots of the scopes in it */
};

/* fold.c */
enum skip_code {
	SKIP_END,
	SKIP_ADD,		/* n bytes */
	SKIP_ALIGN,		/* to n bytes */
	SKIP_STR,
	SKIP_LOAD8, SKIP_LOAD16, SKIP_LOAD32, SKIP_LOAD64, /* slot, at +n */
	SKIP_LOADX,		/* the same, other byte order or signed */
	SKIP_MUL,		/* slot * n bytes */
	SKIP_SEQ32,		/* n bytes before a u32 that counts bytes; the end */
	SKIP_LAST_STR,		/* n bytes behind it; the end */
	SKIP_LOOP,		/* n times, or slot */
	SKIP_NEXT,
	SKIP_SWITCH,
	SKIP_JUMP,
};

struct skip {
	uint8_t code;
	uint8_t size;		/* SKIP_LOADX: bytes */
	bool is_signed, big_endian;
	int16_t slot;
	uint16_t n_options;
	uint32_t jump;
	uint64_t n;
	const struct option *options;
};

struct flat_pair;
struct flat_text;
struct flat_plan;

/*
 * Fills in the values of the event at @p, of which plan->need bytes can be
 * read. @v holds plan->values, and has room for FLAT_ROOM more.
 */
typedef void flat_fn(const struct flat_plan *plan, const uint8_t *p,
		     struct ctf_value *v);

#define FLAT_PAIRS	3	/* numbers are read in twos, in rounds of so many */
#define FLAT_TEXTS	2
#define FLAT_ROOM	(2 * FLAT_PAIRS + 1)	/* values behind the last */

/* flat.c: the fixed beginning of a class */
struct flat_plan {
	flat_fn *run;
	const struct ctf_value *values;	/* all but what events say */
	const struct flat_pair *pairs;
	const struct flat_text *texts;
	uint32_t n_values, n_pairs, n_texts;
	uint32_t first;		/* value of the first pair */
	uint32_t rest;		/* first op behind it */
	uint64_t bits;		/* where it ends */
	uint32_t need;		/* bytes that have to be there */
	bool whole;		/* it is all there is */
};

struct class {
	struct ctf_class pub;
	struct sclass *sc;
	struct prog prog;
	struct skip *skip;	/* NULL: only exec.c can walk it */
	uint64_t fixed;		/* bytes, where skip is one addition */
	bool is_fixed;
	struct flat_plan flat;
	bool movable;		/* no field is aligned to more than a byte */
	bool has_id;		/* TSDL: an id is given */
	bool hides;		/* some values are not shown */
	uint32_t line, col;	/* in the metadata */
};

enum header_kind {
	HEADER_NONE,
	HEADER_COMPACT,		/* LTTng: 5 bits of id, 27 of time */
	HEADER_LARGE,		/* LTTng: 16 bits of id, 32 of time */
	HEADER_FIXED,		/* id and time at fixed bytes */
	HEADER_ANY,
};

/* One entry per event id: all that the hot loops need. */
struct quick {
	uint32_t fixed;		/* bytes of the fields, or QUICK_RARE and more */
	uint32_t index;		/* of the class */
};

/* Of quick.fixed: of the first run; the rest is in skip_rest, by the same id. */
#define QUICK_SKIP	0x80000000u
/* Of quick.fixed: the id has no class that the hot loops can pass. */
#define QUICK_NONE	0xffffffffu
/* Below that the fields are of one length. */
#define QUICK_RARE	QUICK_SKIP

/* Of quick.fixed: a longer header follows. Nothing that fits a packet is so long. */
#define QUICK_ESCAPE	(QUICK_SKIP - 1)

#define COMPACT_ESCAPE	31u	/* an id that says that a longer header follows */
#define COMPACT_BYTES	256

struct fixed_header {
	uint8_t id_at, id_size;		/* bytes; size 0: no id */
	uint8_t stamp_at, stamp_size;	/* the same */
	uint8_t size;
};

struct sclass {
	struct ctf_trace *trace;
	uint64_t id;
	bool has_id;
	const struct ctf_clock *clock;
	const struct ctf_type *packet_context, *header, *context;
	struct prog head;	/* packet header and packet context */
	struct prog event_head;
	enum header_kind kind;
	struct fixed_header fixed;
	bool event_slots;	/* fields refer to the event's header */
	struct class **classes;	/* sorted by id */
	size_t n_classes, cap_classes;
	struct quick *quick;	/* by id */
	const struct skip **skip_rest; /* the same, see QUICK_SKIP */
	size_t n_quick;		/* more than any id in a compact header */
	struct quick *compact;	/* the same, by the first byte of a compact header */
	uint32_t compact_most;	/* bytes of fields of one length there */
	int n_common;		/* slots of head and event_head */
};

/* A CTF 2 variant: these values of its tag choose this option. */
struct ctf_choice {
	uint64_t lo, hi;
	size_t option;
};

#define REF_SEPARATOR	'\x1f'	/* of a path in CTF 2, whose names may have dots */

struct meta_span {
	size_t from, to;	/* bytes of the text */
};

struct clock {
	struct ctf_clock pub;
	const char *name;
	bool defined;
	/* TSDL: the values, where given */
	struct meta_span offset, offset_s, absolute;
	/*
	 * TSDL: what is inside of the braces. CTF 2: the object of the offset, or
	 * where to put one.
	 */
	struct meta_span block;
	bool has_offset;	/* CTF 2: an offset object is there */
};

struct env_entry {
	const char *key, *value;
};

/*
 * What is read of a file whose stream has other files too (join.c): bytes @from
 * up to @to, where the last packet before that in the session, if there is one,
 * counts as far as @seq and @discarded.
 */
struct section {
	uint64_t from, to;
	uint32_t has;		/* CTF_HAS_*, which of the counters */
	uint64_t seq, discarded;
};

struct ctf_stream {
	struct ctf_trace *trace;
	const char *name;
	const char *path;
	struct file *file;
	uint64_t size;
	struct sclass *sc;
	size_t index;
	bool joined;		/* @sections are all that is read of it */
	struct section *sections;
	size_t n_sections, cap_sections;
};

struct ctf_trace {
	struct ctf_trace *like;	/* whose metadata, compiled, is used here too */
	unsigned int users;	/* traces that use this one's */
	bool closed;		/* by its owner, but not yet by them */
	struct arena arena;
	const char *path;
	const char *meta_path;
	const char *named;	/* by the user, if that is no folder */
	char *scratch;		/* the folder that was made of it, owned */
	char *text;		/* plain metadata, NUL-terminated */
	size_t text_len;
	bool is_json;
	bool big_endian;
	bool has_uuid;
	uint8_t uuid[16];
	struct env_entry *env;
	size_t n_env, cap_env;
	struct meta_span env_block;	/* inside of its braces, where it is given */
	bool has_env;			/* CTF 2: else it is the trace class's */
	bool env_is_empty;		/* CTF 2: no member at all */
	struct clock **clocks;
	size_t n_clocks, cap_clocks;
	const struct ctf_type *packet_header;
	struct prog head;	/* packet header alone, to learn the stream id */
	struct sclass **sclasses;
	size_t n_sclasses, cap_sclasses;
	struct class **classes;
	size_t n_classes, cap_classes;
	size_t n_nodes;
	struct ctf_stream *streams;
	size_t n_streams;
	const char **empty;	/* names of files without content */
	size_t n_empty, cap_empty;
};

/* metadata.c */
/* The first @bytes of it; 0: all. */
int metadata_read(struct ctf_trace *t, uint64_t bytes, struct ctf_error *e);
int metadata_unpack(struct ctf_trace *t, char *raw, size_t len,
		    struct ctf_error *e);
/* parse.c, json.c: text to types */
int tsdl_parse(struct ctf_trace *t, struct ctf_error *e);
int json_parse(struct ctf_trace *t, struct ctf_error *e);
/* build.c: what both of them end with */
struct clock *clock_get(struct ctf_trace *t, const char *name);
struct sclass *sclass_add(struct ctf_trace *t);
struct class *class_add(struct ctf_trace *t);
int env_add(struct ctf_trace *t, const char *key, const char *value);
int trace_build(struct ctf_trace *t, struct ctf_error *e);
/* trace.c */
/* Digits by their value, so that channel0_10 comes behind channel0_9. */
int stream_name_cmp(const char *a, const char *b);
/* A trace with one file of those in the folder; @metadata bytes of the metadata. */
struct ctf_trace *trace_open_file(const char *path, const char *name,
				  uint64_t metadata, struct ctf_trace *like,
				  struct ctf_error *e);
int trace_compile(struct ctf_trace *t, struct ctf_error *e);
int stream_identify(struct ctf_stream *s, struct ctf_error *e);
/* plan.c */
int plan_class(struct class *c, struct ctf_error *e);
int plan_heads(struct sclass *sc, struct ctf_error *e);
int plan_trace_head(struct ctf_trace *t, struct ctf_error *e);
int type_fixed_bits(const struct ctf_type *t, uint64_t *bits);
/* fold.c */
int fold_class(struct class *c, struct ctf_error *e);
/* flat.c */
int flat_class(struct class *c, struct ctf_error *e);
/* header.c */
void header_classify(struct sclass *sc);

/* exec.c */
struct values {
	struct ctf_value *v;
	size_t n, cap;
};

struct run {
	const uint8_t *data;	/* start of the packet */
	uint64_t pos, end;	/* bits */
	uint64_t *slot;
	uint64_t stamp;		/* running clock value */
	uint32_t has;		/* bit per sem met */
	uint64_t sem[SEM_MAX];
	uint64_t sem_at[SEM_MAX];
	const struct op *sem_op[SEM_MAX];
	struct values *values;
	uint32_t stop_op;	/* run_find: stops before this op */
	uint64_t found_len;	/* and its length */
	uint8_t *out;		/* run_copy */
	uint64_t out_pos, out_end;
};

#define RUN_OK		0
#define RUN_SHORT	1	/* the data end before the fields do */
#define RUN_BAD		2	/* a tag without an option */
#define RUN_FUEL	3	/* too many empty elements */
#define RUN_NOMEM	4
#define RUN_FOUND	5	/* run_find: pos is at the field */
#define RUN_FULL	6	/* run_copy: no room in out */

int run_skip(const struct prog *p, struct run *r);
int run_head(const struct prog *p, struct run *r);
int run_values(const struct class *c, struct run *r);
int run_list(const struct prog *p, struct run *r);
int run_find(const struct prog *p, struct run *r);
int run_copy(const struct prog *p, struct run *r);
const char *run_text(int code);

/* packet.c */
int packet_parse(const struct ctf_stream *s, const uint8_t *data, size_t avail,
		 uint64_t offset, const struct ctf_packet *prev,
		 struct ctf_packet *out, struct run *r, struct ctf_error *e);
int packet_read(const struct ctf_stream *s, uint64_t offset,
		const struct ctf_packet *prev, struct ctf_packet *out,
		struct ctf_error *e);
/*
 * Which packet is read next, at *@offset or behind it; *@prev, the packet before
 * it in the file, becomes the one before it in the session, which may be in
 * @room. False at the end.
 */
bool stream_place(const struct ctf_stream *s, uint64_t *offset,
		  const struct ctf_packet **prev, struct ctf_packet *room);
/* The packet that is read next, at @offset or behind it. 1, 0 or an error. */
int packet_next(const struct ctf_stream *s, uint64_t offset,
		const struct ctf_packet *prev, struct ctf_packet *out,
		struct ctf_error *e);
/* Bytes of the file that are read. */
uint64_t stream_bytes(const struct ctf_stream *s);
/* @len bytes of the file from byte @off on; fewer are an error. */
int stream_read(const struct ctf_stream *s, void *buf, size_t len, uint64_t off,
		struct ctf_error *e);
/*
 * What the stamps of @p's events are counted from: its begin, or where it does
 * not say, the end of the packet before or the last event, @clock.
 */
static inline uint64_t packet_base(const struct ctf_packet *p,
				   uint64_t last_end, uint64_t clock)
{
	if (p->has & CTF_HAS_BEGIN)
		return p->begin;
	return last_end > clock ? last_end : clock;
}

int pread_all(int fd, void *buf, size_t len, uint64_t off);

/* walk.c */
struct batch {
	uint32_t n;
	uint64_t clock[BATCH];
	uint32_t at[BATCH];	/* bit offset of the fields in the packet */
	uint32_t cls[BATCH];	/* class index, with WALK_EXT */
};

#define WALK_EXT	0x80000000u	/* the header was an extended one */
#define WALK_CLS	0x7fffffffu

struct walk {
	const struct ctf_stream *stream;
	const struct sclass *sc;
	const uint8_t *want;
	const uint8_t *data;
	uint64_t pos;		/* bits */
	uint64_t end;		/* bits of content */
	uint64_t clock;
	uint64_t events;	/* all events passed, wanted or not */
	uint64_t first;		/* bits: where the packet's first event begins */
	uint64_t floor;		/* the last event of the packets before */
	bool unchecked;		/* none of this packet is compared with that yet */
	uint64_t offset;	/* of the packet in the file, for messages */
	uint64_t *slot;		/* ALL_SLOTS */
	uint64_t *stamp_at;	/* BATCH: bits of the stamp, or NULL */
	const struct op **stamp_op;
	bool used_any;		/* the last batch came from the slow loop */
};

void walk_packet(struct walk *w, const uint8_t *data,
		 const struct ctf_packet *p);
int walk_fill(struct walk *w, struct batch *b, struct ctf_error *e);
/* The same behind the events that are in the batch already. */
int walk_more(struct walk *w, struct batch *b, struct ctf_error *e);
/*
 * Goes on with two batches, of walks that are within packets. Return: which of them
 * walk_more() has to go on with.
 */
#define WALK_FIRST	1u
#define WALK_SECOND	2u
unsigned int walk_two(struct walk *v, struct batch *a, struct walk *w,
		      struct batch *b);
const struct class *class_by_id(const struct sclass *sc, uint64_t id);
/* What is wrong with the event at @p. */
int walk_bad(const struct walk *w, const uint8_t *p, struct ctf_error *e,
	     const char *what);
/* Whether the event may have this stamp, which is before its packet's begin. */
bool walk_is_early(const struct walk *w, const uint8_t *event, uint64_t stamp);
/* walk_any.c: walk_more() for any header */
int walk_any(struct walk *w, struct batch *b, struct ctf_error *e);

/* hide.c */
/* Whether the program has values that are not shown. */
bool hides(const struct prog *p);
/* Takes these out; how many are left. */
size_t hide(const struct prog *p, struct ctf_value *v, size_t n);

/* skip.c */
const uint8_t *skip_run(const struct skip *s, const uint8_t *base,
			const uint8_t *p, const uint8_t *end, uint64_t *slot);

/* decode.c: what a cursor keeps to decode its events */
struct reader {
	uint64_t *slot;
	struct values values;
	struct values packet;	/* of ctf_packet_values() */
	struct ctf_value **preset;	/* by class: its values but for the events' */
	size_t n_preset;
	size_t preset_left;
};

void reader_free(struct reader *rd);

static inline int sem_has(const struct run *r, enum sem s)
{
	return r->has >> s & 1;
}

static inline uint64_t align_up(uint64_t x, uint64_t a)
{
	return (x + a - 1) & ~(a - 1);
}

static inline uint16_t load16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t load32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "vmsync runs on x86-64 only"
#endif

#endif /* CTF_INTERNAL_H */
