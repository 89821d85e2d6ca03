/* SPDX-License-Identifier: MIT */
/* Lines of text from records, a block at a time, by any thread. */
#ifndef VMSYNC_EXPORT_LINE_H
#define VMSYNC_EXPORT_LINE_H

#include "export/block.h"
#include "export/shape.h"

/**
 * struct place - what is the same for all events of a packet
 * @words:	of 8 bytes, with this
 * @mark:	LINE_PLACE, which no record has there
 * @who_len:	characters of "hostname "
 * @packet_len:	characters of "{ cpu_id = 0 }, "
 * @text:	the one behind the other; SHAPE_PAD bytes behind can be read
 */
struct place {
	uint32_t words;
	uint32_t mark;
	uint32_t who_len;
	uint32_t packet_len;
	char text[];
};

#define LINE_PLACE UINT32_MAX

/**
 * struct record - an event in a block, its values behind it
 * @words:	of 8 bytes, with this
 * @place:	words from the block's start to its place
 * @shape:	of its class
 * @ns:		when
 * @steps:	0: as shape_store() keeps them; else so many struct ctf_value
 */
struct record {
	uint32_t words;
	uint32_t place;
	const struct shape *shape;
	int64_t ns;
	uint64_t steps;
};

#define RECORD_WORDS (sizeof(struct record) / sizeof(uint64_t))

/**
 * struct line_clock - what time lines need to know
 * @has_last:	whether there was an event before
 * @last_ns:	its stamp
 * @s_ns:	beginning of the second that @text shows
 * @tick_ns:	beginning of the TICK that @text shows
 * @text:	"[HH:MM:SS.nnnn"
 */
struct line_clock {
	bool has_last;
	int64_t last_ns;
	uint64_t s_ns;
	uint64_t tick_ns;
	char text[SHAPE_PAD];
};

#define LINE_CLOCK_INIT { .s_ns = 1ull << 63, .tick_ns = 1ull << 63 }

/**
 * line_begin() - all of a line that comes before the event's fields
 * @o:		where to print
 * @c:		carried from line to line
 * @shape:	of its class
 * @place:	of its packet
 * @ns:		when
 * @room:	to make for all of the line, its fields included
 */
void line_begin(struct out *o, struct line_clock *c, const struct shape *shape,
		const struct place *place, int64_t ns, size_t room);

/** line_print() - print all records of a block; places are passed over */
void line_print(struct record_block *b);

#endif /* VMSYNC_EXPORT_LINE_H */
