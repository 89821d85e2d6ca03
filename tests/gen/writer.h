/* SPDX-License-Identifier: MIT */
/*
 * Writes CTF 1.8 as LTTng's kernel tracer does: one stream a CPU, packets of
 * one size, compact (5 + 27 bits) or large (16 + 32 bits) event headers.
 */
#ifndef TESTS_GEN_WRITER_H
#define TESTS_GEN_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum gen_type {
	GEN_END,
	GEN_U16,
	GEN_U32,
	GEN_S32,
	GEN_U64,
	GEN_S64,
	GEN_X64,	/* printed in hexadecimal */
	GEN_TEXT16,	/* 16 characters, padded with NUL */
	GEN_STRING,
	GEN_BYTES,	/* sequence of bytes, 32-bit length before it */
};

struct gen_field {
	const char *name;
	enum gen_type type;
};

struct gen_class {
	const char *name;
	struct gen_field fields[40];
};

/* A value: a number, or text for GEN_TEXT16, GEN_STRING and GEN_BYTES. */
struct gen_value {
	uint64_t u;
	const char *s;
};

struct gen_stream {
	FILE *file;
	uint32_t cpu;
	uint64_t instance;
	uint64_t seq;
	uint64_t last;		/* stamp */
	uint64_t begin;
	size_t used;		/* bytes of the open packet, 0: none */
	uint64_t events;
	uint8_t *buffer;
};

struct gen_trace {
	const char *path;
	const struct gen_class *classes;
	size_t n_classes;
	bool large;
	size_t packet;		/* bytes, a multiple of 4096 */
	uint64_t timer;		/* a packet ends so often, ns; 0: when it is full */
	uint64_t early_ns;	/* a stream's first packet is begun before its first event */
	uint64_t clock_seed;	/* of its clock's uuid, 0: as the trace's */
	const char *clock;	/* its name; NULL: monotonic */
	bool user_space;	/* recorded by LTTng-UST */
	uint8_t uuid[16];
	struct gen_stream *streams;
	uint32_t n_streams;
};

/* Creates the folder, writes the metadata; exits with a message on failure. */
void gen_open(struct gen_trace *t, const char *hostname, uint64_t uuid_seed,
	      int64_t offset);
void gen_event(struct gen_trace *t, uint32_t cpu, uint32_t id, uint64_t stamp,
	       const struct gen_value *values);
/* The longest time after the event before it that a short header can tell. */
uint64_t gen_gap_max(const struct gen_trace *t);
/*
 * The session is stopped at @stamp: up to then all streams record, busy or not, and
 * their packets say so. gen_flush(): it may be started again.
 */
void gen_stop(struct gen_trace *t, uint64_t stamp);
void gen_flush(struct gen_trace *t, uint64_t stamp);
/* Without gen_stop() before, streams end with their last events. */
void gen_close(struct gen_trace *t);

#endif /* TESTS_GEN_WRITER_H */
