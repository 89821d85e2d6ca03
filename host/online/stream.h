/* SPDX-License-Identifier: MIT */
/*
 * A stream that grows, read twice: for evidence as far as it is whole, and for the
 * analysis as far as the map is settled. Nothing is kept between the two. Where the
 * metadata has grown, what comes from then on is another part, by the larger one.
 */
#ifndef VMSYNC_ONLINE_STREAM_H
#define VMSYNC_ONLINE_STREAM_H

#include "analysis/kinds.h"
#include "ctf/gather.h"
#include "fuse/records.h"
#include "live/ledger.h"
#include "sync/base/array.h"
#include "sync/map/map.h"

/**
 * struct online_classes - what a trace's metadata comes to
 * @trace:	one that has it, open as long as it is used
 * @want:	[classes] for evidence
 */
struct online_classes {
	unsigned int users;
	const char *folder;
	uint64_t metadata;
	struct ctf_trace *trace;
	struct vmsync_decoders *decoders;
	struct vmsync_roles *roles;
	uint8_t *want;
	struct analysis_kinds *kinds;
};

/**
 * struct online_part - packets of one metadata
 * @source:	number of it, no other of the machine has it
 * @analysis_source: the same, of all machines, while it is analysed
 * @machine:	number of its machine, for the analysis
 * @maps, @cpu:	by which its stamps are on the host's clock; NULL: they are
 * @skip_ns:	events before it are not analysed, raw clock value
 * @limit_ns:	events from it on wait until their map is settled, likewise; a guest's
 * @evidence, @analysis: the packets for each; NULL: none yet, or all were read
 * @behind:	the packet before it, if @has_behind
 * @from, @to:	bytes of the file
 */
struct online_part {
	uint32_t source;
	uint32_t analysis_source;
	uint32_t machine;
	const struct vmsync_guest_map *maps;
	uint32_t cpu;
	uint64_t skip_ns;
	uint64_t limit_ns;
	struct online_classes *classes;
	struct ctf_trace *evidence;
	struct ctf_trace *analysis;
	bool has_behind;
	struct ctf_packet behind;
	uint64_t from;
	uint64_t to;
	struct vmsync_records_stream records;
};

/**
 * struct online_stream - of packets
 * @parts:	in order; only of the last one is more to come
 * @last:	packet that was seen, if @any
 * @cpu:	UINT32_MAX: not known
 * @spoke:	there was an event in it
 * @runs, @tells: entries and exits may be in it; evidence may
 * @largest:	content of a packet, bytes
 * @lost_ns:	up to here it is known that packets are lost; 0: none is
 */
struct online_stream {
	const char *folder;
	const char *name;
	VMSYNC_ARRAY(struct online_part *) parts;
	bool any;
	struct ctf_packet last;
	uint32_t cpu;
	bool spoke;
	bool runs;
	bool tells;
	uint64_t largest;
	int64_t begin_ns;
	int64_t lost_ns;
};

/** online_classes_put() - one user less */
void online_classes_put(struct online_classes *c);

/**
 * online_part_new() - the next part of a stream, for evidence
 * @s:		of which @file tells how far it is whole
 * @like:	classes that may do, or NULL
 * @host:	of the host
 * @beacons:	bits VMSYNC_BEACONS_*, which are evidence
 * Return: NULL with an error.
 */
struct online_part *online_part_new(struct online_stream *s,
				    const struct live_file *file,
				    struct online_classes *like, bool host,
				    unsigned int beacons, struct ctf_error *e);

/** online_part_free() - NULL is fine; it is in no gather any more */
void online_part_free(struct online_part *p);

/**
 * online_stream_packets() - see the heads of packets that came
 * @lost:	told of each stretch of time in which events may be missing, raw clock
 *		values; 0 or -ENOMEM
 * Return: 0 or a negative errno.
 */
int online_stream_packets(struct online_stream *s,
			  int (*lost)(void *ctx, const struct online_stream *s,
				      int64_t from_ns, int64_t until_ns),
			  void *ctx, struct ctf_error *e);

/**
 * online_stream_lost() - packets behind those that came are lost
 * @until_ns:	the last one's end
 * @lost:	as there
 * Return: 0 or -ENOMEM.
 */
int online_stream_lost(struct online_stream *s, int64_t until_ns,
		       int (*lost)(void *ctx, const struct online_stream *s,
				   int64_t from_ns, int64_t until_ns),
		       void *ctx);

/** online_stream_free() - with its parts */
void online_stream_free(struct online_stream *s);

#endif /* VMSYNC_ONLINE_STREAM_H */
