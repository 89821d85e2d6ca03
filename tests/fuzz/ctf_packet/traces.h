/* SPDX-License-Identifier: MIT */
/* The traces whose packets are fuzzed; all packets have heads of one layout. */
#ifndef FUZZ_TRACES_H
#define FUZZ_TRACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define N_TRACES	4
#define N_KINDS		18
#define HEAD_BYTES	49

extern const char *const trace_text[N_TRACES];

/* A stream class of one of them. */
struct kind {
	uint8_t trace, id;
	bool big;
	bool bare;		/* no context: the file is one packet */
};

extern const struct kind kinds[N_KINDS];

/* pack.c: fuzzed bytes as events in packets whose heads are well formed. */
size_t pack_stream(const struct kind *k, const uint8_t *data, size_t size,
		   uint8_t *out, size_t room);

#endif /* FUZZ_TRACES_H */
