/* SPDX-License-Identifier: MIT */
/* The files of a folder's traces as they grow, which answer as a relayd does. */
#ifndef VMSYNC_LIVE_GROWING_H
#define VMSYNC_LIVE_GROWING_H

#include "live/marks.h"
#include "live/source.h"
#include "live/text.h"

/**
 * struct live_growing_trace - a trace
 * @path:	below the folder, owned
 * @text:	of its metadata, as far as it was taken
 */
struct live_growing_trace {
	char *path;
	struct live_text text;
};

/**
 * struct live_growing_file - a stream, of packets or of metadata
 * @name:	owned
 * @here:	it is in the folder
 * @told:	it was told of, as a stream
 * @part:	of the file, for the heads of its packets; owned
 * @at:		packet that was told last, if @any
 * @read:	of a chunk: all that is in it was told
 */
struct live_growing_file {
	size_t trace;
	char *name;
	bool metadata;
	bool here;
	bool told;
	struct ctf_trace *part;
	struct ctf_packet at;
	bool any;
	bool read;
};

/**
 * struct live_growing - all of a folder; all 0 but for @source and @marks at first
 * @root:	what is read: the folder, or a chunk; owned, NULL: none yet
 * @next:	number of the chunk that is to come, at least
 * @chunks:	of these one was read
 * @grown_ns:	when something came, or was still to, CLOCK_MONOTONIC
 * @closed:	nobody writes any more
 */
struct live_growing {
	struct live_source *source;
	struct live_marks marks;
	char *root;
	uint64_t next;
	bool chunks;
	int64_t grown_ns;
	bool closed;
	VMSYNC_ARRAY(struct live_growing_trace) traces;
	VMSYNC_ARRAY(struct live_growing_file) files;
};

extern const struct live_from live_growing_from;

/** live_growing_free() - free what it owns */
void live_growing_free(struct live_growing *g);

/** live_growing_look() - see which files there are; 0 or a negative errno */
int live_growing_look(struct live_growing *g, struct ctf_error *e);

/** live_growing_pass() - leave a chunk that nothing is in; false: there is none to leave */
bool live_growing_pass(struct live_growing *g);

/**
 * live_growing_host() - hostname of the machine, as a trace with a whole packet says
 * Return: 1, 0: there is none yet, with the reason; or a negative errno.
 */
int live_growing_host(struct live_growing *g, char out[LIVE_HOSTNAME_LEN + 1],
		      struct ctf_error *e);

/** live_growing_ended() - nothing more is to be expected */
bool live_growing_ended(struct live_growing *g);

#endif /* VMSYNC_LIVE_GROWING_H */
