/* SPDX-License-Identifier: MIT */
/*
 * The viewer's side of lttng-live: what LTTng's relay daemon (lttng-relayd) answers
 * while it still receives a session. One question, one answer, all numbers big
 * endian; version 2.4 of the protocol, which every relayd since 2013 speaks.
 *
 * Nothing that an answer says is believed: each length has a limit, and each text an
 * end. Whatever it holds, an answer is taken as a whole or is an error, -EPROTO, and
 * the connection is of no use any more.
 */
#ifndef VMSYNC_LIVE_VIEWER_H
#define VMSYNC_LIVE_VIEWER_H

#include "ctf/ctf.h"
#include "sync/base/array.h"

/* What an answer may ask of us at most. */
#define LIVE_SESSIONS_MAX 4096
#define LIVE_STREAMS_MAX 65536
#define LIVE_PACKET_MAX (512ull << 20)
#define LIVE_METADATA_MAX (256ull << 20)

#define LIVE_HOSTNAME_LEN 64
#define LIVE_NAME_LEN 255
#define LIVE_PATH_LEN 4096

/* The most that a part of a packet, or of metadata, has. */
#define LIVE_PART (1u << 20)

/**
 * struct live_wire - bytes to a relayd and back
 * @send, @receive: all @n of them; 0, or a negative errno with the error filled in
 * @buffer:	[LIVE_PART] for what comes
 */
struct live_wire {
	int (*send)(void *ctx, const void *bytes, size_t n,
		    struct ctf_error *e);
	int (*receive)(void *ctx, void *bytes, size_t n, struct ctf_error *e);
	void *ctx;
	uint8_t *buffer;
};

/**
 * struct live_session - a session of LTTng that the relayd receives
 * @timer_us:	how often it flushes, 0: it is not live and cannot be read
 * @viewers:	who read it already; one may
 */
struct live_session {
	uint64_t id;
	uint32_t timer_us;
	uint32_t viewers;
	char hostname[LIVE_HOSTNAME_LEN + 1];
	char name[LIVE_NAME_LEN + 1];
};

typedef VMSYNC_ARRAY(struct live_session) live_sessions;

/**
 * struct live_stream - one stream of a session
 * @trace:	those of one trace have the same
 * @metadata:	it is the trace's metadata
 * @path:	folder of the trace, as LTTng would call it: "ust/uid/0/64-bit"
 * @channel:	its file there: "channel0_1"
 */
struct live_stream {
	uint64_t id;
	uint64_t trace;
	bool metadata;
	char path[LIVE_PATH_LEN + 1];
	char channel[LIVE_NAME_LEN + 1];
};

/** struct live_streams - who is told of streams that an answer lists */
struct live_streams {
	int (*take)(void *ctx, const struct live_stream *s, struct ctf_error *e);
	void *ctx;
};

/* What became of live_attach(); the numbers are the protocol's. */
enum live_attached {
	LIVE_ATTACHED = 1,
	LIVE_OTHER_VIEWER,
	LIVE_NO_SESSION,
	LIVE_NOT_LIVE,
	LIVE_NO_SEEK,
	LIVE_NO_VIEWER,
};

enum live_index_status {
	LIVE_INDEX_OK = 1,
	LIVE_INDEX_RETRY,
	LIVE_INDEX_HUP,
	LIVE_INDEX_ERROR,
	LIVE_INDEX_INACTIVE,
	LIVE_INDEX_EOF,
};

/**
 * struct live_index - the next packet of a stream, or why there is none
 * @status:	LIVE_INDEX_OK: the rest tells of a packet; LIVE_INDEX_INACTIVE: no
 *		event before @end is still to come; LIVE_INDEX_HUP: no packet any more
 * @new_metadata, @new_streams: they have to be fetched, the former before the packet
 * @offset:	of the packet, for live_packet()
 * @size:	of it, bytes, at most LIVE_PACKET_MAX
 * @begin, @end: raw clock values
 * @discarded:	events lost since the stream began
 */
struct live_index {
	enum live_index_status status;
	bool new_metadata;
	bool new_streams;
	uint64_t offset;
	uint64_t size;
	uint64_t begin;
	uint64_t end;
	uint64_t discarded;
};

/** live_hello() - be the first to speak; -ENOTSUP for another version */
int live_hello(const struct live_wire *w, struct ctf_error *e);

/** live_list() - the sessions there are, into @out, which is empty */
int live_list(const struct live_wire *w, live_sessions *out,
	      struct ctf_error *e);

/**
 * live_attach() - read a session, from the first packet that the relayd still has
 * Return: an enum live_attached, with @streams told of all where that is
 * LIVE_ATTACHED, or a negative errno.
 */
int live_attach(const struct live_wire *w, uint64_t session,
		const struct live_streams *streams, struct ctf_error *e);

/**
 * live_new_streams() - those that came since
 * Return: 1: @streams was told of them, or there are none; 0: the session has ended;
 * or a negative errno.
 */
int live_new_streams(const struct live_wire *w, uint64_t session,
		     const struct live_streams *streams, struct ctf_error *e);

/*
 * So many streams are asked at once. Their questions and answers, 1.5 and 4 KiB, are less
 * than the kernels keep for two that both send first.
 */
#define LIVE_ASKED_MAX 64

/**
 * live_next_indexes() - the next one of each of some streams, which are asked at once
 * @stream:	[@n], at most LIVE_ASKED_MAX
 * @out:	[@n]
 * Return: 0 or a negative errno.
 */
int live_next_indexes(const struct live_wire *w, const uint64_t *stream, size_t n,
		      struct live_index *out, struct ctf_error *e);

/* What became of live_packet(). */
enum live_packet_status {
	LIVE_PACKET_OK,
	LIVE_PACKET_AGAIN,	 /* not yet */
	LIVE_PACKET_NEEDS_METADATA, /* and what was there is to be asked again */
	LIVE_PACKET_NEEDS_STREAMS,
	LIVE_PACKET_GONE,
};

/**
 * live_packet() - @n bytes of a packet, at most LIVE_PART, into @w->buffer
 * @offset:	of a struct live_index, or that and what one has already
 * Return: an enum live_packet_status, or a negative errno.
 */
int live_packet(const struct live_wire *w, uint64_t stream, uint64_t offset,
		uint32_t n, struct ctf_error *e);

/**
 * live_metadata() - what came of a trace's metadata since it was last asked
 * @take:	takes it, in parts of at most LIVE_PART
 * Return: 1: something; 0: nothing; or a negative errno.
 */
int live_metadata(const struct live_wire *w, uint64_t stream,
		  int (*take)(void *ctx, const uint8_t *bytes, size_t n,
			      struct ctf_error *e),
		  void *ctx, struct ctf_error *e);

#endif /* VMSYNC_LIVE_VIEWER_H */
