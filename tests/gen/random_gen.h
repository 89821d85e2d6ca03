/* SPDX-License-Identifier: MIT */
/* What the files of the random generator share. */
#ifndef TESTS_GEN_RANDOM_GEN_H
#define TESTS_GEN_RANDOM_GEN_H

#include <stdio.h>

#include "random.h"

enum kind { INT, ENUM, FLOAT, STRING, TEXT, STRUCT, ARRAY, SEQ, TEXT_SEQ, VARIANT };
enum header { COMPACT, LARGE, FIXED, ODD, WIDE_COMPACT, NO_HEADER, N_HEADERS };

#define MAX_FIELDS	8
#define PACKET_BYTES	(1 << 16)

struct type;

struct field {
	char name[24];
	char path[512];			/* for JSON: of the struct it is in */
	struct type *type;
};

struct type {
	enum kind kind;
	unsigned int size, align, base;
	int is_signed, big;
	unsigned int n;			/* fields, labels, elements */
	struct field fields[MAX_FIELDS];
	struct type *elem;
	const struct field *ref;	/* length or tag */
	uint64_t last;			/* value written last */
	struct type *next;		/* of all, to free them */
};

struct class {
	struct type *context, *payload;
};

struct sclass {
	enum header header;
	int id_bits, stamp_bits, id_first;
	int no_size;			/* packets say their content's, no more */
	int no_begin;			/* packets say when they end, no more */
	struct type *packet;		/* what else they say, or NULL */
	struct type *context;
	struct class classes[6];
	unsigned int n;
};

struct gen {
	uint64_t rnd;
	FILE *meta;
	struct random_trace *out;
	struct type *all;
	unsigned int names;
	const struct field *lengths[64], *tags[64];
	unsigned int n_lengths, n_tags;
	int big;			/* native byte order */
	int has_uuid, has_magic;
	int for_babeltrace, json;
	int in_context;
	int in_packet;			/* values are not those of an event */
	unsigned int n_streams;
	struct sclass streams[2];
	uint8_t uuid[16];
	/* the packet being written */
	uint8_t buf[PACKET_BYTES * 2];
	uint64_t pos;			/* bits */
};

static inline uint64_t rnd(struct gen *g)
{
	uint64_t z = g->rnd += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static inline unsigned int below(struct gen *g, unsigned int n)
{
	return (unsigned int)(rnd(g) % n);
}

/* Label i of a tag is for values 4 * i .. 4 * i + 2, from -4 where signed. */
static inline long tag_low(const struct type *t, unsigned int i)
{
	return (long)i * 4 - (t->is_signed ? 4 : 0);
}

/* random_type.c */
void make_stream(struct gen *g, struct sclass *s);
void mark_lengths(struct gen *g);
unsigned int type_align(const struct type *t);
/* random_tsdl.c, random_json.c: the metadata */
void tsdl_metadata(struct gen *g);
void json_metadata(struct gen *g);
/* random_value.c */
void put_bits(struct gen *g, uint64_t v, unsigned int size, int big);
void put_align(struct gen *g, unsigned int align);
void put_value(struct gen *g, struct type *t);

#endif /* TESTS_GEN_RANDOM_GEN_H */
