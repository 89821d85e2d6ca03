// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <trace-cmd.h>

#include "tracedat/input.h"
#include "tracedat/layout.h"
#include "tracedat/metadata.h"
#include "tracedat/private.h"
#include "ctf/out.h"
#include "tracedat/tracedat.h"

#define N_LAYOUTS 65536 /* the kernel's number of an event has 16 bits */
#define COMMON	  8	/* what all events begin with: number, flags, thread */
#define PID_AT	  4
#define MAX_CPUS  65536

/* A CPU of a buffer: the main one, or one of trace-cmd record -B. */
struct source {
	struct tracecmd_input *input;
	int index;
	uint64_t first;
	bool lost_first; /* something came before that */
	struct ctf_out stream;
};

struct writer {
	const char *path;
	const char *folder;
	struct dat_metadata metadata;
	struct tracecmd_input *input;
	struct tep_handle *tep;
	struct dat_layout *layouts; /* by number, N_LAYOUTS of them */
	struct source *sources;
	size_t n;
	uint64_t begin;
	uint64_t end;
	struct ctf_error *e;
};

static int fail_memory(struct writer *w)
{
	return tracedat_fail(w->e, -ENOMEM, "", "out of memory");
}

static int fail_write(struct writer *w, int error)
{
	return tracedat_fail(w->e, -error, "set TMPDIR to a folder with more room",
			     "%.200s: while writing what %.200s holds: %s",
			     w->folder, w->path, strerror(error));
}

/* The CPUs of a buffer that have events. */
static int add_sources(struct writer *w, struct tracecmd_input *in)
{
	int i, n = tracecmd_cpus(in);
	struct source *more;

	for (i = 0; i < n && i < MAX_CPUS; i++) {
		struct tep_record *r = tracecmd_read_cpu_first(in, i);
		uint64_t first;

		if (!r)
			continue;
		first = dat_metadata_ns(&w->metadata, r->ts);
		more = realloc(w->sources, (w->n + 1) * sizeof(*more));
		if (!more)
			return fail_memory(w);
		w->sources = more;
		more[w->n] = (struct source){
			.input = in,
			.index = i,
			.first = first,
			.lost_first = r->missed_events,
			.stream.has_cpu = true,
			.stream.cpu = (uint32_t)r->cpu,
			.stream.instance = w->n,
			.stream.uuid = w->metadata.uuid,
		};
		if (!w->n || first < w->begin)
			w->begin = first;
		w->n++;
		tracecmd_free_record(r);
	}
	return 0;
}

/* All buffers have to have one clock. */
static int add_buffers(struct writer *w, struct tracecmd_input *in)
{
	int i, ret = add_sources(w, in);

	for (i = 0; !ret && i < tracecmd_buffer_instances(in); i++) {
		struct tracecmd_input *buffer =
			tracecmd_buffer_instance_handle(in, i);
		const char *clock;

		if (!buffer)
			continue;
		clock = tracecmd_get_trace_clock(buffer);
		if (clock && strcmp(clock, w->metadata.clock))
			return tracedat_fail(w->e, -ENOTSUP,
					     "record all buffers with one clock",
					     "%.400s: buffer %d has clock %.32s, "
					     "others %.32s", w->path, i, clock,
					     w->metadata.clock);
		ret = add_sources(w, buffer);
	}
	return ret;
}

/* Nothing is known of the boot; but copies of a file are of one recording. */
static void make_uuid(struct writer *w, struct tracecmd_input *in)
{
	uint64_t a = tracecmd_get_traceid(in), b = 0xcbf29ce484222325u;
	const char *s;
	size_t i;

	for (s = w->metadata.hostname; *s; s++)
		b = (b ^ (unsigned char)*s) * 0x100000001b3u;
	b = (b ^ w->begin) * 0x100000001b3u;
	for (i = 0; i < w->n; i++)
		b = (b ^ w->sources[i].first) * 0x100000001b3u;
	memcpy(w->metadata.uuid, &a, sizeof(a));
	memcpy(w->metadata.uuid + sizeof(a), &b, sizeof(b));
}

static struct dat_layout *layout_of(struct writer *w, int id)
{
	struct dat_layout *l;

	if (id < 0 || id >= N_LAYOUTS)
		return NULL;
	l = &w->layouts[id];
	if (!l->ops && dat_layout_make(l, id, tep_find_event(w->tep, id)))
		return NULL;
	return l;
}

static int fail_damaged(struct writer *w, const struct tep_record *r)
{
	return tracedat_fail(w->e, -EINVAL,
			     "is it whole? trace-cmd report reads it, too",
			     "%.400s: an event of %d bytes at %llu", w->path,
			     r->size, r->offset);
}

static int copy_record(struct writer *w, struct ctf_out *s,
		       const struct tep_record *r)
{
	struct dat_layout *l;
	uint8_t *out;
	int ret;

	if (r->size < COMMON || r->size > UINT16_MAX)
		return fail_damaged(w, r);
	l = layout_of(w, *(const uint16_t *)r->data);
	if (!l)
		return fail_memory(w);
	/* How many is not always known, but then one at least. */
	if (r->missed_events) {
		ret = ctf_out_lost(s, r->missed_events > 0 ?
					     (uint64_t)r->missed_events : 1);
		if (ret)
			return fail_write(w, -ret);
	}
	out = ctf_out_room(s, (uint16_t)l->id,
			  dat_metadata_ns(&w->metadata, r->ts),
			  PID_AT + dat_layout_most(l, (size_t)r->size));
	if (!out)
		return fail_write(w, errno);
	memcpy(out, (const char *)r->data + PID_AT, 4);
	ctf_out_event(s, dat_layout_copy(l, r->data, (size_t)r->size, out + 4));
	/* The gap ends where events go on. */
	ret = r->missed_events ? ctf_out_lost(s, 0) : 0;
	return ret ? fail_write(w, -ret) : 0;
}

/*
 * trace-cmd record -m keeps the last events only, and nothing in the pages tells. But
 * the kernel's counters do, which are stored: "CPU: 0", and "read events: 4711".
 */
static uint64_t events_read(struct tracecmd_input *in, uint32_t cpu)
{
	static const char of[] = "CPU: ", what[] = "read events: ";
	const char *s = tracecmd_get_cpustats(in), *next, *n;

	for (s = s ? strstr(s, of) : NULL; s; s = next) {
		s += strlen(of);
		next = strstr(s, of);
		n = strstr(s, what);
		if (strtoul(s, NULL, 10) == cpu && n && (!next || n < next))
			return strtoull(n + strlen(what), NULL, 10);
	}
	return 0;
}

static int write_source(struct writer *w, struct source *from)
{
	struct ctf_out *s = &from->stream;
	uint64_t at = 0;
	struct tep_record *r;
	char path[4096];
	int ret;

	snprintf(path, sizeof(path), "%s/cpu_%zu", w->folder,
		 (size_t)s->instance);
	ret = ctf_out_open(s, path,
			      from->lost_first ? from->first : w->begin);
	if (ret)
		return fail_write(w, -ret);
	for (r = tracecmd_read_cpu_first(from->input, from->index); !ret && r;
	     r = tracecmd_read_data(from->input, from->index)) {
		/* One that leads back would be read for ever. */
		ret = at && r->offset <= at ? fail_damaged(w, r) :
					      copy_record(w, s, r);
		at = r->offset;
		tracecmd_free_record(r);
	}
	if (s->last > w->end)
		w->end = s->last;
	/* Of other buffers the counters come later in the same text. */
	if (from->input == w->input &&
	    events_read(w->input, s->cpu) > s->events + s->discarded)
		from->lost_first = true;
	if (!ret) {
		ret = ctf_out_end(s);
		if (ret)
			ret = fail_write(w, -ret);
	}
	return ret;
}

static int write_metadata(struct writer *w)
{
	char path[4096];
	bool bad;
	FILE *f;
	int i;

	snprintf(path, sizeof(path), "%s/metadata", w->folder);
	f = fopen(path, "we");
	if (!f)
		return fail_write(w, errno);
	dat_metadata_print(&w->metadata, f);
	for (i = 0; i < N_LAYOUTS; i++) {
		if (w->layouts[i].ops)
			dat_layout_print(&w->layouts[i], f);
	}
	bad = ferror(f);
	return fclose(f) || bad ? fail_write(w, errno) : 0;
}

static int write_all(struct writer *w)
{
	size_t i;
	int ret = 0;

	w->layouts = calloc(N_LAYOUTS, sizeof(*w->layouts));
	if (!w->layouts)
		return fail_memory(w);
	for (i = 0; !ret && i < w->n; i++)
		ret = write_source(w, &w->sources[i]);
	/* It was stopped for all CPUs at once. */
	for (i = 0; !ret && i < w->n; i++) {
		ret = ctf_out_until(&w->sources[i].stream, w->end,
				       w->sources[i].lost_first);
		if (ret)
			ret = fail_write(w, -ret);
	}
	return ret ? ret : write_metadata(w);
}

int tracedat_write(const char *path, const char *folder, struct ctf_error *e)
{
	struct writer w = { .path = path, .folder = folder, .e = e };
	struct tracecmd_input *in = dat_input_open(path, &w.metadata, e);
	int ret;

	if (!in)
		return e->code;
	w.input = in;
	w.tep = tracecmd_get_tep(in);
	ret = add_buffers(&w, in);
	if (!ret && !w.n)
		ret = tracedat_fail(e, -EINVAL, "", "%.400s: no event in it",
				    path);
	if (ret)
		return ret;
	make_uuid(&w, in);
	return write_all(&w);
}
