// SPDX-License-Identifier: MIT
#include "online/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctf/part.h"
#include "fuse/fail.h"
#include "fuse/names.h"
#include "fuse/trace_clock.h"

void online_classes_put(struct online_classes *c)
{
	if (!c || --c->users)
		return;
	vmsync_decoders_free(c->decoders);
	free(c->roles);
	free(c->want);
	analysis_kinds_free(c->kinds);
	ctf_trace_close(c->trace);
	free(c);
}

static int classes_find(struct online_classes *c, bool host,
			unsigned int beacons, struct ctf_error *e)
{
	size_t n = ctf_trace_classes(c->trace);

	c->decoders = vmsync_decoders_new(c->trace, beacons);
	c->roles = vmsync_roles_new(c->trace);
	c->kinds = analysis_kinds_new(c->trace, host);
	c->want = calloc(n + 1, 1);
	if (!c->decoders || !c->roles || !c->kinds || !c->want)
		return vmsync_fail_memory(e);
	memcpy(c->want, vmsync_decoders_want(c->decoders), n);
	if (host)
		vmsync_roles_want(c->roles, vmsync_decoders_old(c->decoders),
				  c->want);
	return vmsync_trace_clock_check(c->trace, e);
}

static struct ctf_trace *part_open(const struct online_stream *s,
				   const struct online_part *p, uint64_t to,
				   uint64_t metadata, struct ctf_trace *like,
				   struct ctf_error *e)
{
	const struct ctf_part part = {
		.name = s->name,
		.metadata = metadata,
		.from = p->from,
		.to = to,
		.behind = p->has_behind ? &p->behind : NULL,
	};

	return ctf_part_open(s->folder, &part, like, e);
}

static struct online_classes *classes_of(const struct online_stream *s,
					 const struct online_part *p,
					 const struct live_file *file,
					 struct online_classes *like, bool host,
					 unsigned int beacons,
					 struct ctf_error *e)
{
	struct online_classes *c;

	if (like && like->metadata == file->metadata &&
	    !strcmp(like->folder, s->folder)) {
		like->users++;
		return like;
	}
	c = calloc(1, sizeof(*c));
	if (!c) {
		vmsync_fail_memory(e);
		return NULL;
	}
	c->users = 1;
	c->folder = s->folder;
	c->metadata = file->metadata;
	c->trace = part_open(s, p, file->size, file->metadata, NULL, e);
	if (c->trace && !classes_find(c, host, beacons, e))
		return c;
	online_classes_put(c);
	return NULL;
}

static void matters(struct online_stream *s, const struct online_part *p,
		    uint64_t stream_id)
{
	const struct ctf_trace *t = p->evidence;
	size_t i;

	for (i = 0; i < ctf_trace_classes(t); i++) {
		const struct ctf_class *cls = ctf_trace_class(t, i);

		if (cls->stream_id != stream_id)
			continue;
		s->tells |= vmsync_class_is_evidence(cls);
		s->runs |= vmsync_class_is_entry(cls) ||
			   vmsync_class_is_exit(cls);
	}
}

static int part_begin(struct online_stream *s, struct online_part *p,
		      const struct live_file *file, struct online_classes *like,
		      bool host, unsigned int beacons, struct ctf_error *e)
{
	struct online_part **place;

	p->from = p->to = s->any ? s->last.offset + s->last.size : 0;
	p->has_behind = s->any;
	p->behind = s->last;
	p->classes = classes_of(s, p, file, like, host, beacons, e);
	if (!p->classes)
		return e->code;
	p->evidence = part_open(s, p, file->size, file->metadata,
				p->classes->trace, e);
	if (!p->evidence)
		return e->code;
	p->records.decoders = p->classes->decoders;
	p->records.roles = p->classes->roles;
	place = vmsync_array_add(&s->parts);
	if (!place)
		return vmsync_fail_memory(e);
	*place = p;
	return 0;
}

struct online_part *online_part_new(struct online_stream *s,
				    const struct live_file *file,
				    struct online_classes *like, bool host,
				    unsigned int beacons, struct ctf_error *e)
{
	struct online_part *p = calloc(1, sizeof(*p));

	if (!p) {
		vmsync_fail_memory(e);
		return NULL;
	}
	if (!part_begin(s, p, file, like, host, beacons, e))
		return p;
	online_part_free(p);
	return NULL;
}

void online_part_free(struct online_part *p)
{
	if (!p)
		return;
	ctf_trace_close(p->evidence);
	ctf_trace_close(p->analysis);
	online_classes_put(p->classes);
	free(p);
}

void online_stream_free(struct online_stream *s)
{
	size_t i;

	for (i = 0; i < s->parts.count; i++)
		online_part_free(s->parts.at[i]);
	vmsync_array_free(&s->parts);
	free(s);
}

/* Up to where it is known what came, and what is lost. */
static int64_t told_ns(const struct online_stream *s)
{
	int64_t end_ns = (int64_t)s->last.end;

	return s->lost_ns > end_ns ? s->lost_ns : end_ns;
}

/* As fuse/coverage.c does where all packets are there. */
static int holes_find(const struct online_stream *s, const struct ctf_packet *p,
		      int (*lost)(void *ctx, const struct online_stream *s,
				  int64_t from_ns, int64_t until_ns),
		      void *ctx)
{
	int64_t begin = (int64_t)p->begin, end = (int64_t)p->end, from = begin;
	int ret = 0;

	if (!s->tells && !s->runs)
		return 0;
	if (s->any)
		from = told_ns(s);
	/* Nothing of what was lost may be left to tell. */
	if (s->any && p->lost && (begin > from || !s->lost_ns))
		ret = lost(ctx, s, from, begin > from ? begin : from + 1);
	if (!ret && p->dropped && end > from)
		ret = lost(ctx, s, from, end);
	return ret;
}

static void packet_add(struct online_stream *s, struct online_part *part,
		       const struct ctf_packet *p)
{
	part->to = p->offset + p->size;
	if (!s->any)
		s->begin_ns = (int64_t)p->begin;
	if (p->content / 8 > s->largest)
		s->largest = p->content / 8;
	part->cpu = s->cpu = p->cpu;
	s->last = *p;
	s->any = true;
	s->spoke |= ctf_packet_has_events(p);
}

static int is_timed(const struct online_stream *s, const struct ctf_packet *p,
		    struct ctf_error *e)
{
	if ((p->has & CTF_HAS_BEGIN) && (p->has & CTF_HAS_END))
		return 0;
	return vmsync_fail(e, -ENOTSUP, "record with LTTng, whose packets do",
			   "%.200s/%.200s: its packets do not say when they "
			   "begin and end", s->folder, s->name);
}

int online_stream_packets(struct online_stream *s,
			  int (*lost)(void *ctx, const struct online_stream *s,
				      int64_t from_ns, int64_t until_ns),
			  void *ctx, struct ctf_error *e)
{
	struct online_part *part = *vmsync_array_last(&s->parts);
	const struct ctf_stream *stream = ctf_trace_stream(part->evidence, 0);
	bool first = part->to == part->from;
	struct ctf_packet p = s->last;
	int ret;

	while ((ret = ctf_stream_packet(stream, first ? NULL : &p, &p, e)) > 0) {
		first = false;
		ret = is_timed(s, &p, e);
		if (ret)
			return ret;
		if (!s->any)
			matters(s, part, p.stream_id);
		if (holes_find(s, &p, lost, ctx))
			return vmsync_fail_memory(e);
		packet_add(s, part, &p);
	}
	return ret;
}

int online_stream_lost(struct online_stream *s, int64_t until_ns,
		       int (*lost)(void *ctx, const struct online_stream *s,
				   int64_t from_ns, int64_t until_ns),
		       void *ctx)
{
	int64_t from_ns = told_ns(s);

	if (!s->any || until_ns <= from_ns)
		return 0;
	s->lost_ns = until_ns;
	return s->tells || s->runs ? lost(ctx, s, from_ns, until_ns) : 0;
}
