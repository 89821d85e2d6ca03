// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/coverage.h"
#include "fuse/decode.h"
#include "fuse/fail.h"
#include "fuse/names.h"

/*
 * Where packets begin with events, streams begin apart even if all were recorded
 * from the begin on. If packets have no numbers, one that begins behind the others
 * by less than so many bytes take at its usual rate has begun with them, as far as
 * can be seen.
 */
#define USUAL_REST	2048
/* The streams of one session on one CPU. */
struct part {
	uint32_t cpu;
	struct vmsync_holes holes;
};

/* A stream, while the others are read. */
struct stream {
	struct ctf_joined_stream which;
	struct vmsync_holes holes;
	struct vmsync_holes lit; /* not holes: where its packets are */
	bool timed; /* its packets tell when they begin or end */
	uint64_t stream_id;
	uint32_t cpu;
	int64_t begin_ns; /* of the first packet */
	int64_t end_ns;	  /* of the packet before, or the last one */
	bool closed;	  /* its end is known */
	bool is_numbered; /* its packets are */
	bool is_first;	  /* its first packet is the tracer's first one */
	uint64_t packets;
	uint64_t bytes;	  /* content, of all its packets */
	uint64_t largest; /* of one */
	uint64_t last;	  /* of the last one */
};

struct session {
	size_t number;
	int64_t begin_ns;
	int64_t end_ns;
	uint64_t largest; /* content of a packet */
	VMSYNC_ARRAY(struct part) parts[VMSYNC_COVER_KINDS];
	struct vmsync_holes lit;
	struct vmsync_holes dark;
};

struct sessions {
	VMSYNC_ARRAY(struct session) session;
	VMSYNC_ARRAY(struct stream) stream;
};

static bool is_of_kind(const struct ctf_class *cls, enum vmsync_cover_kind kind)
{
	if (kind == VMSYNC_COVER_EVIDENCE)
		return vmsync_class_is_evidence(cls);
	return vmsync_class_is_entry(cls) || vmsync_class_is_exit(cls);
}

/* Whether events of a kind can be in this stream. */
static bool matters(const struct ctf_joined_stream *s, uint64_t stream_id,
		    enum vmsync_cover_kind kind)
{
	const struct ctf_trace *t = ctf_stream_trace(s->file);
	size_t i;

	for (i = 0; i < ctf_trace_classes(t); i++) {
		const struct ctf_class *cls = ctf_trace_class(t, i);

		if (cls->stream_id == stream_id && is_of_kind(cls, kind))
			return true;
	}
	return false;
}

/* -------------------------------------------------------------- one stream */

/* From where a packet covers: some do not tell when they begin. */
static int64_t begin_of(const struct stream *s, const struct ctf_packet *p,
			bool first)
{
	if (p->has & CTF_HAS_BEGIN)
		return (int64_t)p->begin;
	return first && p->has & CTF_HAS_END ? (int64_t)p->end : s->end_ns;
}

/*
 * Whether packets may be missing before @p. Where they are not numbered, nothing
 * holds the files of a stream together.
 */
static bool follows(const struct ctf_packet *p, bool other_file)
{
	return p->has & CTF_HAS_SEQ ? !p->lost : !other_file;
}

static int take_packet(struct stream *s, const struct ctf_packet *p, bool first,
		       bool other_file)
{
	int64_t begin = begin_of(s, p, first);
	int64_t end = p->has & CTF_HAS_END ? (int64_t)p->end : begin;
	int ret = 0;

	s->timed |= p->has & (CTF_HAS_BEGIN | CTF_HAS_END);
	if (first) {
		s->begin_ns = begin;
		s->is_numbered = p->has & CTF_HAS_SEQ;
		s->is_first = s->is_numbered && !p->seq;
	} else if (!follows(p, other_file)) {
		ret = vmsync_holes_add(&s->holes, s->end_ns,
				       begin > s->end_ns ? begin :
							   s->end_ns + 1);
	} else if (!s->closed) { /* it went on until this one began */
		ret = vmsync_holes_add(&s->lit, s->end_ns, begin);
	}
	/* The counter is read as the packet ends, not as it begins. */
	if (!ret && p->dropped)
		ret = vmsync_holes_add(&s->holes, first ? begin : s->end_ns,
				       end);
	if (!ret)
		ret = vmsync_holes_add(&s->lit, begin, end);
	s->end_ns = end;
	s->closed = p->has & CTF_HAS_END;
	return ret;
}

static int read_stream(struct vmsync_coverage *c, const struct ctf_joined *j,
		       size_t i, struct stream *s, struct ctf_error *e)
{
	struct ctf_joined_at at = { 0 };
	bool first = true;
	size_t piece = 0;
	int ret;

	while ((ret = ctf_joined_packet(j, i, &at, e)) > 0) {
		if (take_packet(s, &at.packet, first, at.piece != piece))
			return vmsync_fail_memory(e);
		piece = at.piece;
		s->packets++;
		s->last = at.packet.content / 8;
		s->bytes += s->last;
		if (s->last > s->largest)
			s->largest = s->last;
		s->stream_id = at.packet.stream_id;
		s->cpu = at.packet.cpu;
		c->discarded += at.packet.dropped;
		c->lost += at.packet.lost;
		first = false;
	}
	/* Without any time nothing can be said. */
	if (!s->timed)
		s->holes.hole.count = 0;
	return ret;
}

/* -------------------------------------------------------------- all streams */

static struct session *session_of(struct sessions *all, size_t number)
{
	struct session *s;
	size_t i;

	for (i = 0; i < all->session.count; i++) {
		if (all->session.at[i].number == number)
			return &all->session.at[i];
	}
	s = vmsync_array_add(&all->session);
	if (s)
		*s = (struct session){ .number = number,
				       .begin_ns = INT64_MAX };
	return s;
}

/* Whether @ns is more than what @bytes take at the stream's usual rate. */
static bool is_more(const struct stream *s, int64_t ns, double bytes)
{
	return (double)ns * (double)s->bytes >
	       (double)(s->end_ns - s->begin_ns) * bytes;
}

/*
 * From where to where a stream covers. Entries and exits are known from the first
 * packet to the last one; but a clock is taken to have been as it is shown first
 * and to go on as it was shown last, where the recording as a whole does.
 */
static int64_t begin_of_stream(const struct session *session,
			       const struct stream *s,
			       enum vmsync_cover_kind kind)
{
	if (kind == VMSYNC_COVER_EVIDENCE &&
	    (s->is_first ||
	     (!s->is_numbered &&
	      !is_more(s, s->begin_ns - session->begin_ns, USUAL_REST))))
		return session->begin_ns;
	return s->begin_ns;
}

static int64_t end_of_stream(const struct session *session,
			     const struct stream *s,
			     enum vmsync_cover_kind kind)
{
	uint64_t largest = s->packets > 1 ? s->largest : session->largest;
	bool full = s->last + VMSYNC_EVENT_ROOM > largest;

	if (kind == VMSYNC_COVER_EVIDENCE && !full)
		return session->end_ns;
	return s->end_ns;
}

/* What is missing in one of a session's streams on a CPU is missing there. */
static int part_join(struct session *session, const struct stream *s,
		     enum vmsync_cover_kind kind)
{
	struct vmsync_holes ends = { 0 };
	struct part *p;
	size_t i;
	int ret;

	for (i = 0; i < session->parts[kind].count; i++) {
		if (session->parts[kind].at[i].cpu == s->cpu)
			break;
	}
	if (i == session->parts[kind].count) {
		p = vmsync_array_add(&session->parts[kind]);
		if (!p)
			return -ENOMEM;
		*p = (struct part){ .cpu = s->cpu };
	}
	p = &session->parts[kind].at[i];
	ret = vmsync_holes_add(&ends, INT64_MIN,
			       begin_of_stream(session, s, kind));
	if (!ret)
		ret = vmsync_holes_add(&ends, end_of_stream(session, s, kind),
				       INT64_MAX);
	if (!ret)
		ret = vmsync_holes_join(&p->holes, &s->holes);
	if (!ret)
		ret = vmsync_holes_join(&p->holes, &ends);
	vmsync_holes_free(&ends);
	return ret;
}

static void span(struct vmsync_coverage *c, struct session *session,
		 const struct stream *s)
{
	if (!c->timed || s->begin_ns < c->begin_ns)
		c->begin_ns = s->begin_ns;
	if (s->end_ns > c->end_ns)
		c->end_ns = s->end_ns;
	if (session->end_ns < s->end_ns)
		session->end_ns = s->end_ns;
	if (session->largest < s->largest)
		session->largest = s->largest;
	if (session->begin_ns > s->begin_ns)
		session->begin_ns = s->begin_ns;
	c->timed = true;
}

static int add_stream(struct vmsync_coverage *c, struct sessions *all,
		      const struct ctf_joined *j, size_t i, struct ctf_error *e)
{
	struct ctf_joined_stream which = ctf_joined_stream(j, i);
	struct session *session;
	struct stream *s;
	int ret;

	if (!which.file)
		return 0;
	session = session_of(all, which.session);
	s = session ? vmsync_array_add(&all->stream) : NULL;
	if (!s)
		return vmsync_fail_memory(e);
	*s = (struct stream){ .which = which };
	ret = read_stream(c, j, i, s, e);
	if (ret || !s->timed)
		return ret;
	span(c, session, s);
	return vmsync_holes_join(&session->lit, &s->lit) ?
		       vmsync_fail_memory(e) :
		       0;
}

/* Once all streams are read. */
static int stream_put(struct sessions *all, const struct stream *s)
{
	struct session *session = session_of(all, s->which.session);
	int kind, ret = 0;

	for (kind = 0; !ret && s->timed && kind < VMSYNC_COVER_KINDS; kind++) {
		if (matters(&s->which, s->stream_id,
			    (enum vmsync_cover_kind)kind))
			ret = part_join(session, s,
					(enum vmsync_cover_kind)kind);
	}
	return ret;
}

static int dark_find(struct session *s)
{
	size_t i;
	int ret = 0;

	for (i = 1; !ret && i < s->lit.hole.count; i++)
		ret = vmsync_holes_add(&s->dark, s->lit.hole.at[i - 1].until_ns,
				       s->lit.hole.at[i].from_ns);
	return ret;
}

/* ---------------------------------------------------------------- together */

/* Of one CPU: what is covered by no session. */
static int cpu_find(const struct sessions *all, enum vmsync_cover_kind kind,
		    uint32_t cpu, bool dark, struct vmsync_holes *out)
{
	bool any = false;
	size_t i, k;
	int ret = 0;

	for (i = 0; !ret && i < all->session.count; i++) {
		const struct session *s = &all->session.at[i];
		struct vmsync_holes own = { 0 };

		for (k = 0; k < s->parts[kind].count; k++) {
			if (s->parts[kind].at[k].cpu == cpu)
				break;
		}
		if (k == s->parts[kind].count)
			continue;
		ret = vmsync_holes_join(&own, &s->parts[kind].at[k].holes);
		if (!ret && dark)
			ret = vmsync_holes_join(&own, &s->dark);
		if (!ret)
			ret = any ? vmsync_holes_meet(out, &own) :
				    vmsync_holes_join(out, &own);
		any = true;
		vmsync_holes_free(&own);
	}
	return ret;
}

static int cpu_add(struct vmsync_cover *c, const struct sessions *all,
		   enum vmsync_cover_kind kind, uint32_t cpu)
{
	struct vmsync_holes own = { 0 };
	struct vmsync_cpu_holes *p;
	int ret;

	if (vmsync_cover_cpu(c, cpu))
		return 0;
	p = vmsync_array_add(&c->cpus);
	if (!p)
		return -ENOMEM;
	*p = (struct vmsync_cpu_holes){ .cpu = cpu };
	ret = cpu_find(all, kind, cpu, false, &p->holes);
	if (!ret)
		ret = cpu_find(all, kind, cpu, kind == VMSYNC_COVER_RUNS,
			       &own);
	if (!ret)
		ret = vmsync_holes_join(&c->any, &own);
	vmsync_holes_free(&own);
	return ret;
}

static void session_free(struct session *s)
{
	size_t i;
	int kind;

	for (kind = 0; kind < VMSYNC_COVER_KINDS; kind++) {
		for (i = 0; i < s->parts[kind].count; i++)
			vmsync_holes_free(&s->parts[kind].at[i].holes);
		vmsync_array_free(&s->parts[kind]);
	}
	vmsync_holes_free(&s->lit);
	vmsync_holes_free(&s->dark);
}

static int by_cpu(const void *a, const void *b)
{
	const struct vmsync_cpu_holes *x = a, *y = b;

	return (x->cpu > y->cpu) - (x->cpu < y->cpu);
}

static int cover_find(struct vmsync_cover *c, const struct sessions *all,
		      enum vmsync_cover_kind kind)
{
	size_t i, k;
	int ret = 0;

	for (i = 0; i < all->session.count; i++) {
		const struct session *s = &all->session.at[i];

		for (k = 0; !ret && k < s->parts[kind].count; k++)
			ret = cpu_add(c, all, kind, s->parts[kind].at[k].cpu);
	}
	if (c->cpus.count)
		qsort(c->cpus.at, c->cpus.count, sizeof(*c->cpus.at), by_cpu);
	return ret;
}

static int absent_find(struct vmsync_coverage *c, const struct sessions *all)
{
	struct vmsync_cpus_seen *seen = vmsync_cpus_seen_new();
	size_t i;
	int ret = seen ? 0 : -ENOMEM;

	for (i = 0; !ret && i < all->stream.count; i++) {
		const struct stream *s = &all->stream.at[i];

		vmsync_cpus_seen_stream(seen, s->which.file, s->cpu,
					matters(&s->which, s->stream_id,
						VMSYNC_COVER_RUNS));
	}
	if (!ret)
		ret = vmsync_cpus_absent(seen, &c->absent);
	free(seen);
	return ret;
}

static int put_together(struct vmsync_coverage *c, struct sessions *all)
{
	size_t i;
	int kind, ret = 0;

	for (i = 0; !ret && i < all->stream.count; i++)
		ret = stream_put(all, &all->stream.at[i]);
	for (i = 0; !ret && i < all->session.count; i++)
		ret = dark_find(&all->session.at[i]);
	for (kind = 0; !ret && kind < VMSYNC_COVER_KINDS; kind++)
		ret = cover_find(&c->of[kind], all,
				 (enum vmsync_cover_kind)kind);
	return ret ? ret : absent_find(c, all);
}

int vmsync_coverage_find(struct vmsync_coverage *c,
			 const struct ctf_joined *streams, struct ctf_error *e)
{
	struct sessions all = { 0 };
	size_t i;
	int ret = 0;

	memset(c, 0, sizeof(*c));
	for (i = 0; !ret && i < ctf_joined_streams(streams); i++)
		ret = add_stream(c, &all, streams, i, e);
	if (!ret && put_together(c, &all))
		ret = vmsync_fail_memory(e);
	for (i = 0; i < all.session.count; i++)
		session_free(&all.session.at[i]);
	for (i = 0; i < all.stream.count; i++) {
		vmsync_holes_free(&all.stream.at[i].holes);
		vmsync_holes_free(&all.stream.at[i].lit);
	}
	vmsync_array_free(&all.session);
	vmsync_array_free(&all.stream);
	return ret;
}

void vmsync_coverage_free(struct vmsync_coverage *c)
{
	size_t i;
	int kind;

	for (kind = 0; kind < VMSYNC_COVER_KINDS; kind++) {
		struct vmsync_cover *of = &c->of[kind];

		for (i = 0; i < of->cpus.count; i++)
			vmsync_holes_free(&of->cpus.at[i].holes);
		vmsync_array_free(&of->cpus);
		vmsync_holes_free(&of->any);
	}
	vmsync_array_free(&c->absent);
}

const struct vmsync_holes *vmsync_cover_cpu(const struct vmsync_cover *c,
					    uint32_t cpu)
{
	size_t i;

	/* In general they are 0, 1, 2 ... and this is asked for each run. */
	if (cpu < c->cpus.count && c->cpus.at[cpu].cpu == cpu)
		return &c->cpus.at[cpu].holes;
	for (i = 0; i < c->cpus.count; i++) {
		if (c->cpus.at[i].cpu == cpu)
			return &c->cpus.at[i].holes;
	}
	return NULL;
}
