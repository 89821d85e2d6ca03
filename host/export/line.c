// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "export/digits.h"
#include "export/line.h"
#include "export/value.h"

#define NSEC_PER_SEC 1000000000
#define TICK	     100000 /* ns: the low five digits */
#define TIME_ROOM    128 /* what put_time() writes, and more */

static void second_text(struct line_clock *c, uint64_t ns)
{
	time_t when = (time_t)(ns / NSEC_PER_SEC);
	struct tm tm;

	c->s_ns = ns - ns % NSEC_PER_SEC;
	if (!localtime_r(&when, &tm))
		memset(&tm, 0, sizeof(tm));
	snprintf(c->text, sizeof(c->text), "[%02d:%02d:%02d.",
		 tm.tm_hour % 100, tm.tm_min % 100, tm.tm_sec % 100);
}

/* Events are near to each other: most need only the low digits anew. */
static __attribute__((noinline)) void clock_text(struct line_clock *c,
						 uint64_t ns)
{
	if (ns - c->s_ns >= NSEC_PER_SEC)
		second_text(c, ns);
	c->tick_ns = ns - ns % TICK;
	put_digits_4(c->text + 10, (uint32_t)((ns - c->s_ns) / TICK));
}

/* "(+0.000019996) " */
static char *put_delta(char *p, uint64_t ns)
{
	if (ns < TICK) {
		memcpy(p, "(+0.0000", 8);
		p = put_ns_low(p + 8, (uint32_t)ns);
	} else {
		memcpy(p, "(+", 2);
		p = put_decimal(p + 2, ns / NSEC_PER_SEC);
		*p++ = '.';
		p = put_ns(p, (uint32_t)(ns % NSEC_PER_SEC));
	}
	memcpy(p, ") ", 2);
	return p + 2;
}

/* "[21:11:12.671951655] (+0.000019996) " */
static inline char *put_time(char *p, struct line_clock *c, int64_t ns)
{
	/* In parts, for trigraphs there are. */
	static const char none[] = "(+?.???" "???" "???" ") ";

	if (ns >= 0) {
		if ((uint64_t)ns - c->tick_ns >= TICK)
			clock_text(c, (uint64_t)ns);
		memcpy(p, c->text, 16);
		p = put_ns_low(p + 14, (uint32_t)((uint64_t)ns - c->tick_ns));
	} else {
		p += sprintf(p, "[-%" PRId64 ".%09" PRId64, -(ns / NSEC_PER_SEC),
			     -(ns % NSEC_PER_SEC));
	}
	memcpy(p, "] ", 2);
	if (c->has_last) {
		p = put_delta(p + 2, (uint64_t)ns - (uint64_t)c->last_ns);
	} else {
		memcpy(p + 2, none, sizeof(none) - 1);
		p += 2 + sizeof(none) - 1;
	}
	c->has_last = true;
	c->last_ns = ns;
	return p;
}

static inline void begin(struct out *o, struct line_clock *c,
			 const struct shape *shape, const struct place *place,
			 int64_t ns, size_t room)
{
	uint32_t packet_len = place->packet_len;
	char *p;

	/* Its ", " is only for what follows. */
	if (shape->is_empty && packet_len)
		packet_len -= 2;
	out_reserve(o, room + place->words * sizeof(uint64_t) + TIME_ROOM);
	p = o->p;
	if (shape->cls->clock)
		p = put_time(p, c, ns);
	p = shape_copy(p, place->text, place->who_len);
	p = shape_copy(p, shape->text, shape->name_len);
	o->p = shape_copy(p, place->text + place->who_len, packet_len);
}

void line_begin(struct out *o, struct line_clock *c, const struct shape *shape,
		const struct place *place, int64_t ns, size_t room)
{
	begin(o, c, shape, place, ns, room);
}

static void print_record(struct record_block *b, struct line_clock *c,
			 const struct record *r)
{
	const struct place *place = (const void *)(b->start + r->place);
	size_t room = r->shape->room + (size_t)r->words * SHAPE_WORD + SHAPE_PAD;
	struct out *o = &b->out;

	begin(o, c, r->shape, place, r->ns, room);
	if (!r->steps) {
		shape_print(r->shape, (const uint64_t *)(r + 1), o, room);
		return;
	}
	value_put_all(o, (const struct ctf_value *)(r + 1), (long)r->steps);
	out_put(o, "\n", 1);
}

void line_print(struct record_block *b)
{
	struct line_clock c = LINE_CLOCK_INIT;
	const uint64_t *at = b->start;

	c.has_last = b->has_last;
	c.last_ns = b->last_ns;
	while (at < b->p) {
		const struct record *r = (const struct record *)at;

		if (r->place != LINE_PLACE)
			print_record(b, &c, r);
		at += r->words;
	}
}
