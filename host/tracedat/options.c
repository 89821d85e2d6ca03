// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tracedat/options.h"

#define OPTION_DONE	  0
#define OPTION_TIME_SHIFT 12
#define OPTION_TSC2NSEC	  14

#define SECTION_COMPRESSED 1
#define FLAG_INTERPOLATE   1

/* More sections than that are none: a recording has two or three. */
#define MAX_SECTIONS 4096

/* More CPUs than there are, and more samples than are taken, one a second. */
#define MAX_CPUS    65536
#define MAX_SAMPLES 1000000

/* What is left to be read; @bad: it was less than was asked for. */
struct bytes {
	const uint8_t *p;
	size_t n;
	bool bad;
};

static const uint8_t *take(struct bytes *b, uint64_t n)
{
	const uint8_t *p = b->p;

	if (n > b->n)
		b->bad = true;
	if (b->bad)
		return NULL;
	b->p += n;
	b->n -= n;
	return p;
}

static uint64_t take_number(struct bytes *b, unsigned int size)
{
	const uint8_t *p = take(b, size);
	uint64_t v = 0;

	while (p && size--)
		v = v << 8 | p[size];
	return v;
}

static void skip_text(struct bytes *b)
{
	const uint8_t *end = b->bad ? NULL : memchr(b->p, 0, b->n);

	if (end)
		take(b, (uint64_t)(end - b->p) + 1);
	else
		b->bad = true;
}

/* What a length of @size bytes is before. */
static void skip_sized(struct bytes *b, unsigned int size)
{
	take(b, take_number(b, size));
}

static void skip_formats(struct bytes *b)
{
	uint64_t n;

	for (n = take_number(b, 4); n && !b->bad; n--)
		skip_sized(b, 8);
}

/* Version 6: options are behind all that tells of the kernel. */
static void skip_to_options(struct bytes *b)
{
	uint64_t n;

	take(b, sizeof("header_page"));
	skip_sized(b, 8);
	take(b, sizeof("header_event"));
	skip_sized(b, 8);
	skip_formats(b); /* ftrace's own */
	for (n = take_number(b, 4); n && !b->bad; n--) {
		skip_text(b); /* the subsystem */
		skip_formats(b);
	}
	skip_sized(b, 4); /* symbols */
	skip_sized(b, 4); /* strings of trace_printk() */
	skip_sized(b, 8); /* names of threads */
	take(b, 4);	  /* how many CPUs */
	take(b, sizeof("options  "));
}

void dat_options_free(struct dat_options *o)
{
	size_t i;

	for (i = 0; i < o->n_cpus; i++)
		free(o->cpus[i].at);
	free(o->cpus);
	o->cpus = NULL;
	o->n_cpus = 0;
}

/* Times, offsets and ratios of one CPU: each all of them, one behind the other. */
static int read_cpu(struct bytes *b, struct dat_samples *s, size_t *all)
{
	uint64_t i, n = take_number(b, 4);

	if (b->bad || n > b->n / 24 || n > MAX_SAMPLES - *all) {
		b->bad = true;
		return 0;
	}
	*all += n;
	s->at = calloc(n + 1, sizeof(*s->at));
	if (!s->at)
		return -ENOMEM;
	s->n = n;
	for (i = 0; i < n; i++)
		s->at[i].time = (int64_t)take_number(b, 8);
	for (i = 0; i < n; i++)
		s->at[i].offset = (int64_t)take_number(b, 8);
	for (i = 0; i < n; i++)
		s->at[i].scaling = take_number(b, 8);
	return 0;
}

/* How many bits of the ratios are behind the point; once there was no such thing. */
static void read_fractions(struct bytes *b, struct dat_options *o, size_t all)
{
	size_t i, k;

	/* trace-cmd writes as many for each CPU as the last one has. */
	if (b->n != 8 * all) {
		for (i = 0; i < o->n_cpus; i++) {
			for (k = 0; k < o->cpus[i].n; k++)
				b->bad |= o->cpus[i].at[k].scaling != 1;
		}
		return;
	}
	for (i = 0; i < o->n_cpus; i++) {
		for (k = 0; k < o->cpus[i].n; k++) {
			uint64_t bits = take_number(b, 8);

			o->cpus[i].at[k].fraction = (uint32_t)bits;
			b->bad |= bits > 63;
		}
	}
}

static int read_samples(struct bytes b, struct dat_options *o)
{
	size_t i, all = 0;
	uint64_t n;
	int ret = 0;

	/* The last one is in force, as for trace-cmd. */
	dat_options_free(o);
	o->host_id = take_number(&b, 8);
	o->interpolate = take_number(&b, 4) & FLAG_INTERPOLATE;
	n = take_number(&b, 4);
	/* Each has a number at least. */
	if (n > MAX_CPUS || n > b.n / 4)
		b.bad = true;
	if (!b.bad) {
		o->cpus = calloc(n + 1, sizeof(*o->cpus));
		o->n_cpus = o->cpus ? n : 0;
		ret = o->cpus ? 0 : -ENOMEM;
	}
	for (i = 0; !ret && !b.bad && i < n; i++)
		ret = read_cpu(&b, &o->cpus[i], &all);
	if (!ret && !b.bad)
		read_fractions(&b, o, all);
	o->has_samples = !ret && !b.bad && all;
	o->bad_samples = b.bad;
	if (!o->has_samples)
		dat_options_free(o);
	return ret;
}

static void read_factor(struct bytes b, struct dat_options *o)
{
	uint32_t mult = (uint32_t)take_number(&b, 4);
	uint32_t shift = (uint32_t)take_number(&b, 4);

	if (b.bad || shift > 63)
		return;
	o->mult = mult;
	o->shift = shift;
}

/*
 * All options of one section.
 * @next:	version 7: where the next section is, 0: there is none
 */
static int read_section(struct bytes *b, bool sections, struct dat_options *o,
			uint64_t *next)
{
	int ret = 0;

	*next = 0;
	while (!ret && !b->bad) {
		uint64_t id = take_number(b, 2);
		struct bytes option = { 0 };

		if (b->bad || (id == OPTION_DONE && !sections))
			break;
		option.n = take_number(b, 4);
		option.p = take(b, option.n);
		if (!option.p)
			break;
		if (id == OPTION_DONE) {
			*next = take_number(&option, 8);
			break;
		}
		if (id == OPTION_TIME_SHIFT)
			ret = read_samples(option, o);
		if (id == OPTION_TSC2NSEC)
			read_factor(option, o);
	}
	return ret;
}

/* Version 7: sections of options, each of which says where the next one is. */
static int read_sections(const struct bytes *file, uint64_t at,
			 struct dat_options *o)
{
	uint64_t last = 0;
	int i, ret = 0;

	/* Each is behind the one before. */
	for (i = 0; !ret && at > last && at < file->n && i < MAX_SECTIONS; i++) {
		struct bytes b = { file->p + at, file->n - at, false };
		uint64_t id = take_number(&b, 2), flags = take_number(&b, 2);

		last = at;
		take(&b, 4 + 8); /* what it is called, and its size */
		if (b.bad || id != OPTION_DONE || flags & SECTION_COMPRESSED)
			break;
		ret = read_section(&b, true, o, &at);
	}
	return ret;
}

int dat_options_find(const uint8_t *file, size_t size, struct dat_options *o)
{
	const struct bytes whole = { file, size, false };
	struct bytes b = whole;
	const uint8_t *magic = take(&b, 10);
	uint64_t version, none;

	memset(o, 0, sizeof(*o));
	if (!magic || memcmp(magic, "\x17\x08\x44tracing", 10))
		return 0;
	version = take_number(&b, 2); /* a digit, and its end */
	/* Byte order, size of a long, and of a page. */
	take(&b, 1 + 1 + 4);
	if (version == '7') {
		skip_text(&b); /* how it is compressed, */
		skip_text(&b); /* and of which version that is */
		return read_sections(&whole, take_number(&b, 8), o);
	}
	if (version != '6')
		return 0;
	skip_to_options(&b);
	return read_section(&b, false, o, &none);
}
