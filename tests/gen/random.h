/* SPDX-License-Identifier: MIT */
/*
 * Writes a random trace: random metadata, streams that match it, and a record
 * of every value that it put there.
 *
 * It shares nothing with the engine under test: bits are written one by one.
 */
#ifndef TESTS_GEN_RANDOM_H
#define TESTS_GEN_RANDOM_H

#include <stddef.h>
#include <stdint.h>

enum random_leaf { RANDOM_NUMBER, RANDOM_FLOAT, RANDOM_TEXT };

/* A value of an event, in the order of the trace. */
struct random_value {
	uint8_t kind;
	uint64_t u;		/* number, sign-extended; bits of a double */
	char text[16];
};

struct random_event {
	uint64_t id, stream_id, clock;
	size_t first, n;	/* its values */
};

struct random_trace {
	struct random_value *values;
	size_t n_values, cap_values;
	struct random_event *events;
	size_t n_events, cap_events;
	size_t n_streams;
	int narrow;		/* stamps have fewer than 64 bits, and no escape */
	uint64_t max_gap;	/* largest step of time that was written */
};

/*
 * babeltrace2 2.0.4 prints an empty text as the text before it, and aborts at
 * lengths and tags inside of contexts, and prints 0 for hexadecimal numbers of
 * 61 to 63 bits: with this flag there are none.
 */
#define RANDOM_FOR_BABELTRACE	1
/* Metadata as CTF 2 has it; the streams are the same to the bit. */
#define RANDOM_JSON		2

/* Writes it into the folder @dir, which has to exist. Return: 0, or -1. */
int random_trace_write(const char *dir, uint64_t seed, int flags,
		       struct random_trace *out);
void random_trace_free(struct random_trace *t);

#endif /* TESTS_GEN_RANDOM_H */
