// SPDX-License-Identifier: MIT
/*
 * relayd PORT [OPTION=VALUE]... TRACE...: a relay daemon of lttng-live which has
 * received the traces, one session after the other, and lets its viewer have what it
 * asks for when chance will have it. The file PORT, made once it listens, holds its
 * port. It ends when the last session has.
 *
 *	name=NAME	of all sessions (session)
 *	host=NAME	whose they are (host)
 *	seed=N		of what is left to chance (1)
 *	cut=N		so many times the connection ends, in mid-answer (0)
 *	busy=N		so many times another viewer is there already (0)
 *	old=1		says of new metadata only when a packet is asked for
 *	lie=1		promises more of idle streams than it keeps
 *	gone=N		has packet N of every stream no more (counted from 1)
 *	hold=MS		has no packet that begins so long after the first one, until
 *			there is a file PORT.go
 *	start=NS	has each packet when it ended, as if the recording had begun at
 *			NS of CLOCK_MONOTONIC; the file PORT.begin holds when it did
 *
 * Chance decides which packets are there already, which streams come late, what the
 * metadata has when, and in which pieces answers come. What a viewer must not do, such
 * as asking for a packet before its metadata, ends it with status 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "listen.h"
#include "ctf/ctf.h"

enum { CONNECT = 1, LIST, ATTACH, INDEX, PACKET, METADATA, STREAMS, CREATE };

#define METADATA_ID 1000
#define CUT_MOST 60000

/* A stream of the session that is served. */
struct stream {
	FILE *file;
	const char *name;
	struct ctf_packet next;
	struct ctf_packet last; /* that was told of */
	uint64_t told;		/* packets */
	uint64_t from;		/* begin of the first one */
	bool at_end;
	bool hup;
	bool there; /* since it is, it may be told of */
	bool known; /* to the viewer */
};

static struct {
	const char *name, *host;
	uint64_t seed, cut, busy, old, gone, lie, hold, start;
} opt = { .name = "session", .host = "host", .seed = 1 };

static struct ctf_trace *trace;
static struct stream stream[64];
static size_t n_streams;
static char *metadata;
static char *bytes; /* of the packet that is asked for */
static size_t metadata_len, metadata_there, metadata_sent;
static bool metadata_known;
static int peer = -1;
static jmp_buf gone;	/* to where the peer is waited for */
static uint64_t until_cut = UINT64_MAX;
static unsigned int session;	/* its number */
static bool ended;
static char go[4096];	/* file that ends the hold */
static uint64_t begin;	/* of the first packet */

static void die(const char *what, const char *why)
{
	fprintf(stderr, "relayd: %s: %s\n", what, why);
	exit(1);
}

static uint64_t chance(uint64_t n)
{
	uint64_t z = opt.seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (z ^ (z >> 31)) % n;
}

static void take_all(void *p, size_t n)
{
	ssize_t got;

	for (; n; n -= (size_t)got, p = (char *)p + got) {
		got = recv(peer, p, n, 0);
		if (got <= 0)
			longjmp(gone, 1);
	}
}

/* In pieces, and perhaps not to its end. */
static void give(const void *p, size_t n)
{
	while (n) {
		size_t most = 1 + chance(chance(4) ? 70000 : 30);
		ssize_t put = 0;

		if (most > n)
			most = n;
		if (most > until_cut)
			most = until_cut;
		if (most)
			put = send(peer, p, most, MSG_NOSIGNAL);
		if (put < 0 || !most) {
			opt.cut -= !most && opt.cut;
			longjmp(gone, 1);
		}
		if (until_cut != UINT64_MAX)
			until_cut -= (uint64_t)put;
		p = (const char *)p + put;
		n -= (size_t)put;
	}
}

static uint8_t answer[8192];
static size_t answered;

static void put(uint64_t value, unsigned int bytes)
{
	while (bytes--)
		answer[answered++] = (uint8_t)(value >> 8 * bytes);
}

static void put_text(const char *s, size_t size)
{
	memset(answer + answered, 0, size);
	memcpy(answer + answered, s, strlen(s));
	answered += size;
}

static void send_answer(void)
{
	give(answer, answered);
	answered = 0;
}

static uint64_t number(const uint8_t *p, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | *p++;
	return value;
}

/* ------------------------------------------------------------- the session */

static void read_metadata(const char *path)
{
	char name[4096];
	FILE *f;

	snprintf(name, sizeof(name), "%s/metadata", path);
	f = fopen(name, "r");
	metadata = realloc(metadata, 1 << 24);
	metadata_len = f && metadata ? fread(metadata, 1, 1 << 24, f) : 0;
	if (!metadata_len)
		die(name, "cannot be read");
	fclose(f);
	metadata_there = chance(2) ? 0 : 1 + chance(metadata_len);
}

static void go_on(size_t i)
{
	struct ctf_error e;
	int ret = ctf_stream_packet(ctf_trace_stream(trace, i),
				    stream[i].told ? &stream[i].next : NULL,
				    &stream[i].next, &e);

	if (ret < 0)
		die("a packet", e.msg);
	stream[i].at_end = !ret;
}

/* The viewer begins at the beginning. */
static void rewind_session(void)
{
	size_t i;

	metadata_sent = 0;
	metadata_known = false;
	begin = UINT64_MAX;
	for (i = 0; i < n_streams; i++) {
		stream[i].told = 0;
		stream[i].hup = stream[i].known = false;
		stream[i].there = chance(2);
		go_on(i);
		stream[i].from = stream[i].next.begin;
		if (stream[i].from < begin)
			begin = stream[i].from;
	}
}

static void open_session(const char *path)
{
	char name[4096];
	struct ctf_error e;
	size_t i;

	trace = ctf_trace_open(path, &e);
	if (!trace)
		die(path, e.msg);
	n_streams = ctf_trace_streams(trace);
	if (n_streams > 64)
		die(path, "too many streams");
	for (i = 0; i < n_streams; i++) {
		stream[i].name = ctf_stream_name(ctf_trace_stream(trace, i));
		snprintf(name, sizeof(name), "%s/%s", path, stream[i].name);
		stream[i].file = fopen(name, "r");
		if (!stream[i].file)
			die(name, strerror(errno));
	}
	read_metadata(path);
	rewind_session();
	session++;
	ended = false;
}

static void close_session(void)
{
	size_t i;

	for (i = 0; i < n_streams; i++)
		fclose(stream[i].file);
	ctf_trace_close(trace);
}

/* ------------------------------------------------------------- the commands */

static void hello(const uint8_t *p)
{
	if (number(p + 8, 4) != 2 || number(p + 12, 4) < 4)
		die("connect", "another version");
	put(1, 8);
	put(2, 4);
	put(13, 4);
	put(0, 4);
}

static void put_session(uint64_t id, uint32_t timer, const char *name)
{
	put(id, 8);
	put(timer, 4);
	put(0, 4);
	put(n_streams, 4);
	put_text(opt.host, 64);
	put_text(name, 255);
}

/* One of the wanted name, which is over, and two others are there as well. */
static void list(void)
{
	put(ended ? 2 : 4, 4);
	put_session(9000, 1000000, "another");
	put_session(9001, 0, "not-live");
	if (ended)
		return;
	put_session(session, 20000, opt.name);
	put_session(0, 20000, opt.name);
}

static void put_stream(uint64_t id, uint32_t is_metadata, const char *name)
{
	put(id, 8);
	put(7, 8);
	put(is_metadata, 4);
	put_text("kernel", 4096);
	put_text(name, 255);
	send_answer();
}

/* Some of the streams that the viewer does not know, or all. */
static void tell_streams(bool all)
{
	bool tell[64], with_metadata = !metadata_known && (all || chance(2));
	size_t i, n = with_metadata;

	for (i = 0; i < n_streams; i++) {
		tell[i] = stream[i].there && !stream[i].known &&
			  (all || chance(3));
		n += tell[i];
	}
	put(1, 4);
	put(n, 4);
	send_answer();
	if (with_metadata)
		put_stream(METADATA_ID, 1, "metadata");
	metadata_known |= with_metadata;
	for (i = 0; i < n_streams; i++) {
		if (!tell[i])
			continue;
		put_stream(i, 0, stream[i].name);
		stream[i].known = true;
	}
}

static void attach(const uint8_t *p)
{
	if (number(p, 8) != session || ended)
		die("attach", "to no session, or to an old one");
	if (opt.busy) {
		opt.busy--;
		put(2, 4);
		put(0, 4);
		return;
	}
	rewind_session();
	tell_streams(false);
}

static bool all_gone(void)
{
	size_t i;

	for (i = 0; i < n_streams; i++)
		if (!stream[i].hup)
			return false;
	return true;
}

/* Once something is told of a time, all streams that have events before it are there. */
static void come(uint64_t until)
{
	size_t i;

	for (i = 0; i < n_streams; i++)
		stream[i].there |= stream[i].from < until;
}

static bool any_there(void)
{
	size_t i;

	for (i = 0; i < n_streams; i++)
		if (stream[i].there)
			return true;
	return false;
}

static void new_streams(void)
{
	if (!any_there() || !chance(8))
		come(UINT64_MAX);
	if (!all_gone()) {
		tell_streams(true);
		return;
	}
	put(4, 4);
	put(0, 4);
	ended = true;
}

static bool any_unknown(void)
{
	size_t i;

	for (i = 0; i < n_streams; i++)
		if (stream[i].there && !stream[i].known)
			return true;
	return !metadata_known;
}

static void put_index(const struct ctf_packet *k, uint32_t status,
		      uint32_t flags)
{
	put(k->offset, 8);
	put(k->size * 8, 8);
	put(k->content, 8);
	put(k->begin, 8);
	put(k->end, 8);
	put(k->discarded, 8);
	put(k->stream_id, 8);
	put(status, 4);
	put(flags, 4);
}

/* More of it is there than was. */
static void grow_metadata(void)
{
	if (metadata_there < metadata_len && !chance(3))
		metadata_there += 1 + chance(metadata_len - metadata_there);
}

static bool is_held(const struct stream *s)
{
	if (opt.hold && !access(go, F_OK))
		opt.hold = 0;
	return opt.hold && s->next.begin > begin + opt.hold * 1000000;
}

/* What time it is in a recording that takes its time. */
static uint64_t recorded_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return begin + (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec -
	       opt.start;
}

/* The same without chance, where it is to be measured. */
static bool packet_is_due(struct stream *s, struct ctf_packet *none,
			  uint32_t *status)
{
	uint64_t now = recorded_now();

	if (s->at_end) {
		*status = 3;
		s->hup = true;
		return false;
	}
	*status = 5;
	none->end = now < s->next.begin ? now : s->next.begin;
	return s->next.end <= now;
}

/* Whether a packet comes now; if not, what is answered instead. */
static bool packet_comes(struct stream *s, struct ctf_packet *none,
			 uint32_t *status)
{
	if (opt.start && metadata_there == metadata_len)
		return packet_is_due(s, none, status);
	/* A packet needs all of the metadata. */
	*status = 2;
	if (!chance(4) || metadata_there < metadata_len)
		return false;
	if (s->at_end) {
		*status = 3;
		s->hup = true;
		return false;
	}
	*status = 5;
	none->end = opt.lie ? s->next.end : s->next.begin;
	return chance(4) && !is_held(s);
}

static void next_index(uint64_t id)
{
	struct stream *s = &stream[id];
	struct ctf_packet k = { .offset = 0 };
	uint32_t status, flags;

	if (id >= n_streams || !s->known || s->hup)
		die("index", "of no stream, or one that is gone");
	grow_metadata();
	if (packet_comes(s, &k, &status)) {
		status = 1;
		k = s->last = s->next;
		s->told++;
		go_on(id);
	}
	/* What comes now is not always told of at once. */
	come(k.end);
	flags = any_unknown() && !chance(8) ? 2 : 0;
	if (metadata_sent < metadata_there && !opt.old)
		flags |= 1;
	put_index(&k, status, flags);
}

static void no_packet(uint32_t status, uint32_t flags)
{
	put(status, 4);
	put(0, 4);
	put(flags, 4);
}

static void packet(const uint8_t *p)
{
	struct stream *s = &stream[number(p, 8)];
	uint64_t offset = number(p + 8, 8);
	uint32_t n = (uint32_t)number(p + 16, 4);

	if (number(p, 8) >= n_streams || offset < s->last.offset ||
	    offset + n > s->last.offset + s->last.size)
		die("packet", "what was not told of");
	if (metadata_sent < metadata_len && !opt.old)
		die("packet", "asked for before its metadata");
	if (metadata_sent < metadata_len) {
		no_packet(3, 1);
		return;
	}
	if (s->told == opt.gone) {
		no_packet(3, 0);
		return;
	}
	if (!chance(20)) {
		no_packet(2, 0);
		return;
	}
	bytes = realloc(bytes, n);
	if (!bytes || fseek(s->file, (long)offset, SEEK_SET) ||
	    fread(bytes, 1, n, s->file) != n)
		die("packet", "cannot be read");
	put(1, 4);
	put(n, 4);
	put(0, 4);
	send_answer();
	give(bytes, n);
}

static void more_metadata(void)
{
	size_t n = metadata_there - metadata_sent;

	grow_metadata();
	put(n, 8);
	put(n ? 1 : 2, 4);
	send_answer();
	give(metadata + metadata_sent, n);
	metadata_sent += n;
}

static void command(void)
{
	uint8_t head[16], p[64];
	uint64_t n;

	take_all(head, sizeof(head));
	n = number(head, 8);
	if (n > sizeof(p))
		die("a command", "too long");
	take_all(p, n);
	switch (number(head + 8, 4)) {
	case CONNECT:
		hello(p);
		break;
	case LIST:
		list();
		break;
	case ATTACH:
		attach(p);
		break;
	case INDEX:
		next_index(number(p, 8));
		break;
	case PACKET:
		packet(p);
		break;
	case METADATA:
		more_metadata();
		break;
	case STREAMS:
		new_streams();
		break;
	case CREATE:
		put(1, 4);
		break;
	default:
		die("a command", "not known");
	}
	send_answer();
}

static void tell_begin(const char *port_file)
{
	char name[4096];
	FILE *f;

	snprintf(name, sizeof(name), "%s.begin", port_file);
	f = fopen(name, "w");
	if (!f || fprintf(f, "%" PRIu64 "\n", begin) < 0 || fclose(f))
		die(name, strerror(errno));
}

static bool take_option(const char *arg)
{
	const char *value = strchr(arg, '=');
	uint64_t *n = !value			      ? NULL :
		      !strncmp(arg, "seed=", 5)	      ? &opt.seed :
		      !strncmp(arg, "cut=", 4)	      ? &opt.cut :
		      !strncmp(arg, "busy=", 5)	      ? &opt.busy :
		      !strncmp(arg, "old=", 4)	      ? &opt.old :
		      !strncmp(arg, "gone=", 5)	      ? &opt.gone :
		      !strncmp(arg, "lie=", 4)	      ? &opt.lie :
		      !strncmp(arg, "hold=", 5)	      ? &opt.hold :
		      !strncmp(arg, "start=", 6)      ? &opt.start :
							NULL;

	if (n)
		*n = strtoull(value + 1, NULL, 10);
	else if (!strncmp(arg, "name=", 5))
		opt.name = value + 1;
	else if (!strncmp(arg, "host=", 5))
		opt.host = value + 1;
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	volatile int arg = 2;
	int fd, one = 1;

	if (argc < 3)
		die("usage", "relayd PORT [OPTION=VALUE]... TRACE...");
	while (arg < argc && take_option(argv[arg]))
		arg++;
	if (arg == argc)
		die("usage", "no trace");
	snprintf(go, sizeof(go), "%s.go", argv[1]);
	open_session(argv[arg++]);
	if (opt.start)
		tell_begin(argv[1]);
	fd = listen_loopback(argv[1]);
	if (fd < 0)
		die(argv[1], strerror(errno));
	for (;;) {
		if (peer >= 0)
			close(peer);
		answered = 0;
		peer = accept(fd, NULL, NULL);
		/* Pieces come as pieces, at once. */
		setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		until_cut = opt.cut ? 1 + chance(CUT_MOST) : UINT64_MAX;
		if (setjmp(gone)) {
			if (ended && arg == argc)
				break;
			continue;
		}
		for (;;) {
			command();
			if (!ended || arg == argc)
				continue;
			close_session();
			open_session(argv[arg++]);
		}
	}
	close_session();
	free(metadata);
	free(bytes);
	return 0;
}
