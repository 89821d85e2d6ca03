/* SPDX-License-Identifier: MIT */
/* A trace written anew, with other stamps. */
#ifndef CTF_REWRITE_H
#define CTF_REWRITE_H

#include "ctf/ctf.h"

/* As many threads as one rewrite uses at most. */
#define CTF_MAX_JOBS	64

/**
 * struct ctf_seen - some events of a stream that is rewritten
 * @stream:	their stream
 * @cpu:	cpu_id of their packet, or UINT32_MAX
 * @job:	which thread tells, below CTF_MAX_JOBS
 * @n:		how many, at least one
 * @clock:	[@n] their raw clock values, in order
 * @time:	[@n] what the map made of them, in order
 */
struct ctf_seen {
	const struct ctf_stream *stream;
	uint32_t cpu;
	unsigned int job;
	uint32_t n;
	const uint64_t *clock;
	const uint64_t *time;
};

/**
 * struct ctf_rewrite - how to write a trace anew
 * @map:	every stamp of every event and packet goes through it; with more
 *		than one job it is called from several threads at once. fn NULL:
 *		stamps stay as they are
 * @stream_map:	if not NULL, asked once per stream for the map to use instead of
 *		@map (each virtual CPU has its own): fills in *@map for stream @s
 *		recorded on @cpu (cpu_id of its first packet, or UINT32_MAX)
 * @stream_map_ctx: its first argument
 * @set_offset:	replace the offset of every clock in the metadata by @offset_s
 *		and @offset; the clocks keep their uuid
 * @only:	... of this clock, if it is not NULL
 * @offset_s:	seconds
 * @offset:	cycles
 * @absolute:	all clocks are said to be absolute: comparable with others that are.
 *		Not in CTF 2
 * @clone:	if not 0, the uuid of the trace and those of its clocks are changed
 *		by it, so that readers tell traces apart that had the same. Not in
 *		CTF 2
 * @env_key:	name of an entry that the environment gets besides, or NULL
 * @env_value:	its text
 * @seen:	if not NULL, told of every event once, a packet's in order; packets
 *		may be in the hands of several threads at once. An error (with
 *		its reason in @e) ends the rewrite
 * @seen_ctx:	its first argument
 * @jobs:	threads, at most CTF_MAX_JOBS; 0: one per processor
 * @progress:	called now and then with bytes done and in all, or NULL; never
 *		from two threads at once
 * @progress_ctx: its first argument
 */
struct ctf_rewrite {
	struct ctf_map map;
	void (*stream_map)(void *ctx, const struct ctf_stream *s, uint32_t cpu,
			   struct ctf_map *map);
	void *stream_map_ctx;
	bool set_offset;
	const struct ctf_clock *only;
	int64_t offset_s;
	int64_t offset;
	bool absolute;
	uint32_t clone;
	const char *env_key;
	const char *env_value;
	int (*seen)(void *ctx, const struct ctf_seen *seen,
		    struct ctf_error *e);
	void *seen_ctx;
	unsigned int jobs;
	void (*progress)(void *ctx, uint64_t done, uint64_t total);
	void *progress_ctx;
};

/**
 * struct ctf_rewritten - what ctf_trace_rewrite() did
 * @events_in:	events read
 * @events_out:	events written
 * @packets:	packets
 * @grown:	packets that had to be encoded anew, because a mapped gap did
 *		not fit the header it had
 * @bytes_in:	bytes of stream files read
 * @bytes_out:	bytes of stream files written
 * @discarded:	events the tracer had discarded (carried over)
 * @lost:	packets the tracer had lost (carried over)
 */
struct ctf_rewritten {
	uint64_t events_in;
	uint64_t events_out;
	uint64_t packets;
	uint64_t grown;
	uint64_t bytes_in;
	uint64_t bytes_out;
	uint64_t discarded;
	uint64_t lost;
};

/**
 * ctf_trace_rewrite() - write a trace with other stamps
 * @t:		trace
 * @out:	folder to write into; created where it is not there, and must
 *		not hold files of the same names. Nothing is written elsewhere.
 *		After an error it holds an incomplete trace: remove it. NULL:
 *		events are mapped and seen, and nothing is written
 * @how:	see above
 * @res:	what was done
 * @e:		why it failed
 *
 * Packets are copied and their stamps patched in place; where nothing changes
 * the stream files are the same to the byte. Metadata is written as plain text
 * that begins with the CTF version comment; LTTng's index files are written
 * anew where the trace has them. Return: 0 or a negative errno.
 */
int ctf_trace_rewrite(const struct ctf_trace *t, const char *out,
		      const struct ctf_rewrite *how, struct ctf_rewritten *res,
		      struct ctf_error *e);

/**
 * ctf_metadata_rewrite() - the same for the metadata alone
 * @out:	folder that is there
 */
int ctf_metadata_rewrite(const struct ctf_trace *t, const char *out,
			 const struct ctf_rewrite *how, struct ctf_error *e);

#endif /* CTF_REWRITE_H */
