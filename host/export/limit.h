/* SPDX-License-Identifier: MIT */
/*
 * A file that must not be larger than so much. What is worth least is left out:
 * first events, the last ones, then rows by the time that they take, the
 * shortest ones. How many have to be left out is known when all were counted:
 * then the file is written again.
 */
#ifndef VMSYNC_EXPORT_LIMIT_H
#define VMSYNC_EXPORT_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT_LIMIT_STEPS 512 /* of lengths, eight to a power of two of ns */

/**
 * struct export_limit - see above
 * @path:	the file
 * @most_bytes:	0: it may be of any size, and nothing else counts
 * @rounds:	the file was written before
 * @shortest_ns: shorter rows are left out
 * @most_events: events that are written
 * @full:	the file is too large already, nothing more is written
 * @rows, @events: that were written
 * @left_rows, @left_ns: rows that were left out for their length, and their
 * time
 * @left_events: events that were left out
 * @seen:	all rows, by length
 */
struct export_limit {
	const char *path;
	int64_t most_bytes;
	unsigned int rounds;
	int64_t shortest_ns;
	uint64_t most_events;
	bool full;
	uint64_t rows;
	uint64_t events;
	uint64_t left_rows;
	int64_t left_ns;
	uint64_t left_events;
	uint64_t seen[EXPORT_LIMIT_STEPS];
};

/** export_limit_row() - is a row of that length to be written? */
bool export_limit_row(struct export_limit *l, int64_t ns);

/** export_limit_event() - is the next event to be written? */
bool export_limit_event(struct export_limit *l);

/**
 * export_limit_again() - the file is written: does it have to be once more?
 * Return: 1 yes, 0 no, -EFBIG: it cannot be made that small.
 */
int export_limit_again(struct export_limit *l);

/** export_limit_text() - what was left out; "": nothing */
void export_limit_text(const struct export_limit *l, char *buf, size_t size);

#endif /* VMSYNC_EXPORT_LIMIT_H */
