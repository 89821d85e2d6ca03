// SPDX-License-Identifier: MIT
/*
 * carve IN OUT STEP...: the packets of a trace, as another way of recording
 * would have left them. IN is a trace of writer.c (pair, for example) with small
 * packets (packet=4096); OUT is a folder that is made if it is not there.
 *
 * Steps are taken from left to right. Some change what there is:
 *
 *	only=S,S...	the steps that follow are about these streams (0 is the
 *			first in the order of names); "only=all" about all again
 *	miss=RANGE	packets are not there: packet_seq_num has a gap
 *	keep=RANGE	all other packets are not there
 *	discard=RANGE	the tracer discards what is in them: packet_seq_num has
 *			no gap, events_discarded counts their events from the
 *			packet behind them on
 *	before=N	N events were discarded before the first packet
 *	renumber=N	the first packet has number N, and so on
 *	tamper=N	a byte of packet N's content is another one
 *	hide=FIELD	the metadata has another name for FIELD, of any packet:
 *			packet_seq_num, stream_instance_id, events_discarded ...
 *
 * and others write it, all streams, as often as there are such steps:
 *
 *	whole=NAME	OUT/NAME: one file a stream
 *	part=NAME,RANGE	the same, of these packets only: a snapshot, an archive
 *	chunks=NAME,K	OUT/NAME/archives/...: a rotated session, K equal times; a
 *			packet is in the one in which it ends
 *	files=NAME,K[,M] K packets a file, as with --tracefile-size; of them the
 *			last M only, as with --tracefile-count
 *
 * A RANGE is A..B, A.., ..B or A: packets by their places in the stream from 0,
 * those from the end being negative, both A and B among them; or with a "%"
 * behind each, times between the trace's begin and end: packets that end after A
 * and begin before B. Places are those in IN, whatever is not there any more.
 *
 * "events=N gone=N discarded=N" is printed: events in IN, those that are in no
 * packet any more, and how many of these the tracer tells to have discarded.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctf/ctf.h"

/* Where writer.c puts them. */
#define SEQ_AT	     64
#define DISCARDED_AT 72

struct packet {
	struct ctf_packet head;
	uint64_t seq;
	uint64_t discarded;
	uint64_t events;
	bool gone;
	bool tampered;
};

struct stream {
	const char *name;
	struct packet *packets;
	long n;
	bool meant; /* by the steps */
};

static struct ctf_trace *trace;
static struct stream *streams;
static size_t n_streams;
static uint64_t begin, end; /* of the trace */
static const char *out;
static char *hidden[16];
static size_t n_hidden;

static void die(const char *what, const char *why)
{
	fprintf(stderr, "carve: %s: %s\n", what, why);
	exit(2);
}

static void *need(void *p)
{
	if (!p)
		die("memory", "none left");
	return p;
}

/* ------------------------------------------------------------------- reading */

static void count_events(struct stream *s, const struct ctf_stream *from)
{
	struct ctf_error e;
	struct ctf_cursor *c = ctf_cursor_new(from, NULL, &e);
	const struct ctf_event *ev;
	long i = 0;
	int ret;

	if (!c)
		die(s->name, e.msg);
	while ((ret = ctf_cursor_next(c, &ev, &e)) > 0) {
		while (s->packets[i].head.offset != ev->packet->offset)
			i++;
		s->packets[i].events++;
	}
	if (ret < 0)
		die(s->name, e.msg);
	ctf_cursor_free(c);
}

static void stream_read(struct stream *s, const struct ctf_stream *from)
{
	struct ctf_error e;
	struct ctf_packet head;
	int ret;

	s->name = ctf_stream_name(from);
	s->meant = true;
	ret = ctf_stream_packet(from, NULL, &head, &e);
	for (; ret > 0; ret = ctf_stream_packet(from, &head, &head, &e)) {
		s->packets = need(realloc(s->packets, (size_t)(s->n + 1) *
							      sizeof(*s->packets)));
		s->packets[s->n++] = (struct packet){
			.head = head,
			.seq = head.seq,
			.discarded = head.discarded,
		};
		if (head.begin < begin)
			begin = head.begin;
		if (head.end > end)
			end = head.end;
	}
	if (ret < 0)
		die(s->name, e.msg);
	count_events(s, from);
}

static void trace_read(const char *path)
{
	struct ctf_error e;
	size_t i;

	trace = ctf_trace_open(path, &e);
	if (!trace)
		die(path, e.msg);
	begin = UINT64_MAX;
	n_streams = ctf_trace_streams(trace);
	streams = need(calloc(n_streams, sizeof(*streams)));
	for (i = 0; i < n_streams; i++)
		stream_read(&streams[i], ctf_trace_stream(trace, i));
}

/* ------------------------------------------------------------------ changing */

struct range {
	bool times;
	long from, until;		/* places */
	uint64_t from_ns, until_ns;
};

static uint64_t percent(const char *text)
{
	return begin + (uint64_t)((double)(end - begin) * atof(text) / 100);
}

static struct range range_of(const char *text)
{
	const char *dots = strstr(text, "..");
	const char *second = dots ? dots + 2 : text;
	struct range r = {
		.times = strchr(text, '%'),
		.from = dots == text ? 0 : atol(text),
		.until = *second ? atol(second) : -1,
		.from_ns = dots == text ? 0 : percent(text),
		.until_ns = *second ? percent(second) : UINT64_MAX,
	};

	return r;
}

static bool in_range(const struct range *r, const struct stream *s, long i)
{
	const struct ctf_packet *p = &s->packets[i].head;
	long from = r->from < 0 ? s->n + r->from : r->from;
	long until = r->until < 0 ? s->n + r->until : r->until;

	if (r->times)
		return p->end > r->from_ns && p->begin < r->until_ns;
	return i >= from && i <= until;
}

static void discard(struct stream *s, long i)
{
	long k;

	for (k = i + 1; k < s->n; k++) {
		s->packets[k].seq--;
		s->packets[k].discarded += s->packets[i].events;
	}
	s->packets[i].gone = true;
}

static void change(struct stream *s, const char *step, const char *value)
{
	struct range r = range_of(value);
	long i, number = atol(value);
	uint64_t first = s->n ? s->packets[0].seq : 0;

	for (i = 0; i < s->n; i++) {
		struct packet *p = &s->packets[i];

		if (!strcmp(step, "before"))
			p->discarded += (uint64_t)number;
		else if (!strcmp(step, "renumber"))
			p->seq += (uint64_t)number - first;
		else if (!strcmp(step, "keep"))
			p->gone |= !in_range(&r, s, i);
		else if (!in_range(&r, s, i))
			continue;
		else if (!strcmp(step, "miss"))
			p->gone = true;
		else if (!strcmp(step, "tamper"))
			p->tampered = true;
		else if (!strcmp(step, "discard") && !p->gone)
			discard(s, i);

	}
}

static void only(const char *value)
{
	size_t i;

	for (i = 0; i < n_streams; i++)
		streams[i].meant = !strcmp(value, "all");
	for (; *value >= '0' && *value <= '9'; value += *value == ',') {
		i = strtoul(value, (char **)&value, 10);
		if (i >= n_streams)
			die("only", "no such stream");
		streams[i].meant = true;
	}
}

/* ------------------------------------------------------------------- writing */

static void folders_make(const char *path)
{
	char *part = need(strdup(path)), *slash = part;

	while ((slash = strchr(slash + 1, '/'))) {
		*slash = '\0';
		if (mkdir(part, 0755) && errno != EEXIST)
			die(part, strerror(errno));
		*slash = '/';
	}
	if (mkdir(part, 0755) && errno != EEXIST)
		die(part, strerror(errno));
	free(part);
}

static char *file_read(const char *path, size_t *n)
{
	FILE *f = fopen(path, "r");
	char *text;
	long size;

	if (!f || fseek(f, 0, SEEK_END))
		die(path, strerror(errno));
	size = ftell(f);
	rewind(f);
	text = need(calloc((size_t)size + 1, 1));
	*n = fread(text, 1, (size_t)size, f);
	fclose(f);
	return text;
}

static void metadata_write(const char *folder)
{
	char path[4096], *text, *at;
	size_t n, i;
	FILE *f;

	snprintf(path, sizeof(path), "%s/metadata", ctf_trace_path(trace));
	text = file_read(path, &n);
	for (i = 0; i < n_hidden; i++) {
		for (at = text; (at = strstr(at, hidden[i])); at++)
			*at = 'x';
	}
	snprintf(path, sizeof(path), "%s/metadata", folder);
	f = fopen(path, "w");
	if (!f || fwrite(text, 1, n, f) != n || fclose(f))
		die(path, strerror(errno));
	free(text);
}

static void packet_write(const struct stream *s, const struct packet *p,
			 FILE *from, FILE *to)
{
	uint8_t *data = need(malloc(p->head.size));

	if (fseek(from, (long)p->head.offset, SEEK_SET) ||
	    fread(data, 1, p->head.size, from) != p->head.size)
		die(s->name, strerror(errno));
	if (memcmp(data + SEQ_AT, &p->head.seq, 8) ||
	    memcmp(data + DISCARDED_AT, &p->head.discarded, 8))
		die(s->name, "not of writer.c");
	memcpy(data + SEQ_AT, &p->seq, 8);
	memcpy(data + DISCARDED_AT, &p->discarded, 8);
	if (p->tampered)
		data[p->head.content / 8 - 1] ^= 1;
	if (fwrite(data, 1, p->head.size, to) != p->head.size)
		die(s->name, strerror(errno));
	free(data);
}

/* A folder with the metadata, once; one that was there before is an error. */
static void folder_begin(const char *folder)
{
	static char **begun;
	static size_t n;
	struct stat st;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!strcmp(begun[i], folder))
			return;
	}
	if (!stat(folder, &st))
		die(folder, "is there already");
	folders_make(folder);
	metadata_write(folder);
	begun = need(realloc(begun, (n + 1) * sizeof(*begun)));
	begun[n++] = need(strdup(folder));
}

/* Adds a packet to a file of a folder; both are made as need be. */
static void put(const char *folder, const char *name, const struct stream *s,
		const struct packet *p)
{
	char path[4096];
	FILE *from, *to;

	snprintf(path, sizeof(path), "%s/%s", ctf_trace_path(trace), s->name);
	from = fopen(path, "r");
	folder_begin(folder);
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	to = fopen(path, "a");
	if (!from || !to)
		die(path, strerror(errno));
	packet_write(s, p, from, to);
	fclose(from);
	if (fclose(to))
		die(path, strerror(errno));
}

static void write_part(const char *name, const struct range *r)
{
	char folder[4096];
	size_t i;
	long k;

	snprintf(folder, sizeof(folder), "%s/%s", out, name);
	for (i = 0; i < n_streams; i++) {
		struct stream *s = &streams[i];

		for (k = 0; k < s->n; k++) {
			if (!s->packets[k].gone && (!r || in_range(r, s, k)))
				put(folder, s->name, s, &s->packets[k]);
		}
	}
}

static void write_chunks(const char *name, uint64_t chunks)
{
	char folder[4096];
	size_t i;
	long k;

	for (i = 0; i < n_streams; i++) {
		struct stream *s = &streams[i];

		for (k = 0; k < s->n; k++) {
			uint64_t at = s->packets[k].head.end - begin;
			uint64_t c = at * chunks / (end - begin + 1);

			snprintf(folder, sizeof(folder),
				 "%s/%s/archives/20261128T%06llu+0000-"
				 "20261128T%06llu+0000-%llu/kernel",
				 out, name, (unsigned long long)c,
				 (unsigned long long)c + 1,
				 (unsigned long long)c);
			if (!s->packets[k].gone)
				put(folder, s->name, s, &s->packets[k]);
		}
	}
}

static void write_files(const char *name, long packets, long count)
{
	char folder[4096], file[512];
	size_t i;
	long k;

	snprintf(folder, sizeof(folder), "%s/%s", out, name);
	for (i = 0; i < n_streams; i++) {
		struct stream *s = &streams[i];
		long there = 0, nth = 0, last;

		for (k = 0; k < s->n; k++)
			there += !s->packets[k].gone;
		last = (there - 1) / packets;
		for (k = 0; k < s->n; k++) {
			long f = nth / packets;

			if (s->packets[k].gone)
				continue;
			nth++;
			if (count && f <= last - count) {
				s->packets[k].gone = true;
				continue;
			}
			snprintf(file, sizeof(file), "%s_%ld", s->name,
				 count ? f % count : f);
			put(folder, file, s, &s->packets[k]);
		}
	}
}

/* -------------------------------------------------------------------- steps */

/* NAME,A[,B] */
static void write_step(const char *step, char *value)
{
	char *name = strtok(value, ","), *a = strtok(NULL, ",");
	char *b = a ? strtok(NULL, ",") : NULL;
	struct range r;

	if (!name || (!a && strcmp(step, "whole")))
		die(step, "needs a name and a number");
	if (!strcmp(step, "whole")) {
		write_part(name, NULL);
	} else if (!strcmp(step, "part")) {
		r = range_of(a);
		write_part(name, &r);
	} else if (!strcmp(step, "chunks") && atol(a) > 0) {
		write_chunks(name, strtoull(a, NULL, 10));
	} else if (!strcmp(step, "files") && atol(a) > 0) {
		write_files(name, atol(a), b ? atol(b) : 0);
	} else {
		die(step, "a number below 1");
	}
}

static bool is_one_of(const char *step, const char *const *steps)
{
	while (*steps && strcmp(*steps, step))
		steps++;
	return *steps;
}

static void take(char *step)
{
	static const char *const changes[] = { "miss",	  "keep",     "discard",
					       "before",  "renumber", "tamper",
					       NULL };
	static const char *const writes[] = { "whole", "part", "chunks",
					      "files", NULL };
	char *value = strchr(step, '=');
	size_t i;

	if (!value)
		die(step, "not STEP=VALUE");
	*value++ = '\0';
	if (is_one_of(step, changes)) {
		for (i = 0; i < n_streams; i++) {
			if (streams[i].meant)
				change(&streams[i], step, value);
		}
	} else if (is_one_of(step, writes)) {
		write_step(step, value);
	} else if (!strcmp(step, "only")) {
		only(value);
	} else if (!strcmp(step, "hide") && n_hidden < 16) {
		hidden[n_hidden++] = value;
	} else {
		die(step, "no such step");
	}
}

static void tell(void)
{
	unsigned long long events = 0, gone = 0, discarded = 0;
	size_t i;
	long k;

	for (i = 0; i < n_streams; i++) {
		const struct stream *s = &streams[i];
		uint64_t told = s->n ? s->packets[0].head.discarded : 0;

		for (k = 0; k < s->n; k++) {
			events += s->packets[k].events;
			if (s->packets[k].gone)
				gone += s->packets[k].events;
			else
				told = s->packets[k].discarded;
		}
		discarded += told;
	}
	printf("events=%llu gone=%llu discarded=%llu\n", events, gone,
	       discarded);
}

int main(int argc, char **argv)
{
	size_t i;
	int k;

	if (argc < 4) {
		fprintf(stderr, "usage: carve IN OUT STEP...\n");
		return 2;
	}
	trace_read(argv[1]);
	out = argv[2];
	folders_make(out);
	for (k = 3; k < argc; k++)
		take(argv[k]);
	tell();
	for (i = 0; i < n_streams; i++)
		free(streams[i].packets);
	free(streams);
	ctf_trace_close(trace);
	return 0;
}
