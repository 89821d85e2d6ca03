/* SPDX-License-Identifier: MIT */
/*
 * A guest's clock that follows its host's, by the arithmetic of vmsync-clock.ko itself
 * (guest/track.c). One of them.
 */
#ifndef TESTS_GEN_FOLLOW_H
#define TESTS_GEN_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "uapi/vmsync_clock.h"

/**
 * struct follow_reading - what the host tells
 * @tsc:	guest TSC
 * @ns:		the clock there, whole part
 * @frac:	and fraction, ns << 32
 */
struct follow_reading {
	uint64_t tsc;
	uint64_t ns;
	uint32_t frac;
};

/* The first two readings; it stays @behind_ns behind. False: they are of no clock. */
bool follow_begin(const struct follow_reading *a, const struct follow_reading *b,
		  int64_t behind_ns, uint64_t period_tsc);
/* The next one. True: a new line begins at @start_tsc, which is to come. */
bool follow_read(const struct follow_reading *r, uint64_t start_tsc);

uint64_t follow_ns(uint64_t tsc);
const struct vmsync_clock_lines *follow_lines(void);
int64_t follow_behind_ns(void);
uint64_t follow_error_ns(void);

#endif /* TESTS_GEN_FOLLOW_H */
