/* SPDX-License-Identifier: MIT */
/*
 * What the fuzzer of rewriting and indexes knows by itself: where the numbers
 * of a packet's head are, how an event's header is written. Nothing of it comes
 * from the code under test.
 */
#ifndef FUZZ_SHAPE_H
#define FUZZ_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum head_field {
	F_INSTANCE, F_BEGIN, F_END, F_CONTENT, F_PACKET, F_SEQ, F_DISCARDED,
	F_CPU, N_FIELDS,
};

enum event_header {
	H_COMPACT,	/* 5 bits of id, 27 of time, or an escape */
	H_LARGE,	/* 16 and 32 bits, or an escape */
	H_FIXED,	/* 16 bits of id, then the time */
	H_ODD,		/* 8 and 24 bits, or an escape aligned to 32 bits */
};

/* Bytes from the packet's start; size 0: not there. */
struct place {
	uint8_t at, size;
};

/* A stream class of one of the two traces. */
struct shape {
	uint8_t id;		/* of the stream class */
	bool big;		/* endian: of the second trace */
	uint8_t head;		/* bytes before the first event */
	uint8_t header;		/* enum event_header */
	uint8_t stamp_bits;	/* of the short header */
	bool elastic;		/* any gap can be written */
	struct place f[N_FIELDS];
};

#define N_SHAPES	8
#define MAX_STREAM	(128 << 10)
#define MAX_EVENTS	1024

extern const struct shape shapes[N_SHAPES];
extern const char *const trace_text[2];	/* metadata: little, big endian */

uint64_t get_number(const uint8_t *p, unsigned int bytes, bool big);
void put_number(uint8_t *p, unsigned int bytes, bool big, uint64_t v);

/* Piecewise linear, never decreasing, held at both ends of the range. */
struct clock_map {
	uint64_t mul, div;
	uint64_t add, sub;
	uint64_t step_at, step;
};

uint64_t map_value(const struct clock_map *m, uint64_t v);

/* stream.c: a stream file made as fuzzed bytes say. */
struct made {
	const struct shape *shape;
	struct clock_map map;
	uint8_t jobs;
	bool reopen;		/* let the library open what was written */
	bool damaged;		/* bytes were changed or cut off afterwards */
	size_t size, n_events;
	uint8_t bytes[MAX_STREAM];
	struct {
		uint8_t id;
		uint64_t clock;
	} event[MAX_EVENTS];
};

void make_stream(struct made *m, const uint8_t *data, size_t size);

/* check.c: aborts, and says why, where what was written is not right. */
struct stream_bytes {
	uint8_t *p;
	size_t n;
};

struct written {
	const struct made *made;
	struct stream_bytes in, out, index;
	uint64_t events, packets, discarded, lost;	/* as the library says */
	uint64_t bytes_in, bytes_out, grown;
};

void check_written(const struct written *w);
void wrong(const char *fmt, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#endif /* FUZZ_SHAPE_H */
