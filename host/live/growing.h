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
 * struct live_growing_id - which file it is that has a name now
 * @made_ns:	when it was made; 0 where the file system does not know
 * @written_ns:	and when it was written to when it was looked at
 */
struct live_growing_id {
	uint64_t inode;
	int64_t made_ns;
	int64_t written_ns;
};

/**
 * struct live_growing_file - a file, of packets or of metadata
 * @name:	owned
 * @here:	it is in the folder
 * @told:	it was told of, as a stream
 * @part:	of the file, for the heads of its packets; owned
 * @id:		of the file when it was looked at
 * @at:		packet of it that was told last, if @any
 * @read:	of a chunk: all of the stream that is in it was told
 *
 * sequel.h has the rest. @begun: its first packet is known, which has number @seq;
 * @passed: all of it was told, and the stream goes on in another file; @known: it is of
 * a stream that may have others, the one with these numbers; @sequel: that was told of
 * by another file's name.
 *
 * Of a stream that was told of: @now: file that is read, LIVE_GROWING_NONE: none yet;
 * @last: number of the packet that was told last, if @going: one was; @doubt: number of the packet
 * that seems to be next though others are missing before it, 0: none does.
 */
struct live_growing_file {
	size_t trace;
	char *name;
	bool metadata;
	bool here;
	bool told;
	struct ctf_trace *part;
	struct live_growing_id id;
	struct ctf_packet at;
	bool any;
	bool read;

	bool begun;
	bool passed;
	bool known;
	bool sequel;
	uint64_t seq;
	uint64_t stream_id;
	uint64_t instance;

	size_t now;
	bool going;
	uint64_t last;
	uint64_t doubt;
};

#define LIVE_GROWING_NONE SIZE_MAX

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
