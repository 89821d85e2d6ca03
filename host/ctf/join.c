// SPDX-License-Identifier: MIT
/*
 * Each stream of a session is kept as a list of pieces: packets in a row, by
 * their numbers as in their file. Numbers are those of packet_seq_num; where
 * there is none, the time at which a packet begins serves as well.
 */
#include <stdlib.h>

#include "ctf/join.h"
#include "ctf/internal.h"

#define COMPARE (64u << 10)	/* bytes compared at a time */

/* Packets of one file, in a row; where numbers count, without a gap. */
struct piece {
	struct ctf_stream *file;
	uint64_t from, to;	/* bytes of the file */
	uint64_t first, last;	/* numbers of its packets */
	uint64_t end;		/* time, of the last one */
	uint64_t discarded;	/* as the last one counts them */
};

struct pieces {
	struct piece *at;
	size_t n, cap;
};

struct joined {
	size_t session;
	uint64_t class_id;
	uint64_t id;		/* stream instance, or CPU */
	bool by_instance;
	bool by_seq;
	bool alone;		/* a file that is joined with none */
	bool odd;		/* different streams have this key */
	uint32_t has;		/* CTF_HAS_*, of the counters */
	struct pieces pieces;
};

struct session {
	const struct ctf_trace *trace;	/* its first one */
};

struct ctf_joined {
	struct session *sessions;
	size_t n_sessions, cap_sessions;
	struct joined *streams;
	size_t n_streams, cap_streams;
	struct ctf_stream **files; /* of streams that may have others */
	size_t n_files, cap_files;
	uint64_t again;
};

/* A file that is being added, packet by packet. */
struct adding {
	struct ctf_joined *j;
	struct joined *to;
	struct ctf_stream *file;
	size_t place;		/* of the first piece that is not before it */
	const struct ctf_stream *other; /* read in step, at @twin */
	struct ctf_packet twin;
	struct pieces fresh;
	uint64_t again;
};

/* What became of it. */
enum {
	ADDED = 1,
	CLASH = 0,		/* a packet of this number has another content */
	ODD = 2,		/* its own numbers go back */
};

struct ctf_joined *ctf_joined_new(void)
{
	return calloc(1, sizeof(struct ctf_joined));
}

void ctf_joined_free(struct ctf_joined *j)
{
	size_t i;

	if (!j)
		return;
	for (i = 0; i < j->n_streams; i++)
		free(j->streams[i].pieces.at);
	free(j->streams);
	free(j->sessions);
	free(j->files);
	free(j);
}

static struct piece *piece_add(struct pieces *l)
{
	if (vec_grow(&l->at, &l->cap, l->n + 1, sizeof(*l->at)))
		return NULL;
	return &l->at[l->n++];
}

/* ------------------------------------------------------- the same, or another */

static uint64_t number(const struct joined *s, const struct ctf_packet *p)
{
	return s->by_seq ? p->seq : p->begin;
}

static int compare(const struct ctf_stream *a, uint64_t a_at,
		   const struct ctf_stream *b, uint64_t b_at, uint64_t len,
		   uint8_t *buf, struct ctf_error *e)
{
	while (len) {
		size_t n = len < COMPARE ? len : COMPARE;
		int ret = stream_read(a, buf, n, a_at, e);

		if (!ret)
			ret = stream_read(b, buf + COMPARE, n, b_at, e);
		if (ret)
			return ret;
		if (memcmp(buf, buf + COMPARE, n))
			return 0;
		a_at += n;
		b_at += n;
		len -= n;
	}
	return 1;
}

/* Whether two packets are the same but for their padding: 1, 0 or an error. */
static int same_packet(const struct ctf_stream *a, const struct ctf_packet *p,
		       const struct ctf_stream *b, const struct ctf_packet *q,
		       struct ctf_error *e)
{
	uint8_t *buf;
	int ret;

	if (p->content != q->content || p->begin != q->begin ||
	    p->end != q->end || p->discarded != q->discarded)
		return 0;
	buf = malloc(2 * COMPARE);
	if (!buf)
		return fail_nomem(e);
	ret = compare(a, p->offset, b, q->offset, p->content / 8, buf, e);
	free(buf);
	return ret;
}

/* Goes in @q's file to the first packet that is not before number @n. */
static int twin_find(struct adding *a, const struct piece *q, uint64_t n,
		     struct ctf_error *e)
{
	uint64_t offset = a->twin.offset;
	int ret = 0;

	if (a->other != q->file || offset < q->from || offset >= q->to ||
	    number(a->to, &a->twin) > n) {
		ret = packet_read(q->file, q->from, NULL, &a->twin, e);
		a->other = q->file;
	}
	while (!ret && number(a->to, &a->twin) < n &&
	       a->twin.offset + a->twin.size < q->to)
		ret = packet_read(q->file, a->twin.offset + a->twin.size, NULL,
				  &a->twin, e);
	return ret;
}

/* The first piece that does not end before a packet of number @n. */
static size_t place_of(const struct pieces *l, uint64_t n)
{
	size_t lo = 0, hi = l->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (l->at[mid].last < n)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Without numbers, packets of one stream at least do not overlap in time. */
static bool overlaps(const struct adding *a, const struct ctf_packet *p)
{
	const struct pieces *l = &a->to->pieces;

	if (a->to->by_seq)
		return false;
	return (a->place && l->at[a->place - 1].end > p->begin) ||
	       (a->place < l->n && l->at[a->place].first < p->end);
}

/* ------------------------------------------------------------------- adding */

static int take_fresh(struct adding *a, const struct ctf_packet *p,
		      size_t place, struct ctf_error *e)
{
	struct pieces *l = &a->fresh;
	struct piece *last = l->n ? &l->at[l->n - 1] : NULL;
	uint64_t n = number(a->to, p);
	bool next = last && last->to == p->offset &&
		    (a->to->by_seq ? n == last->last + 1 : place == a->place);

	if (!next) {
		last = piece_add(l);
		if (!last)
			return fail_nomem(e);
		*last = (struct piece){ .file = a->file,
					.from = p->offset,
					.first = n };
	}
	last->to = p->offset + p->size;
	last->last = n;
	last->end = p->end;
	last->discarded = p->discarded;
	return ADDED;
}

static int take_packet(struct adding *a, const struct ctf_packet *p,
		       struct ctf_error *e)
{
	const struct pieces *l = &a->to->pieces;
	uint64_t n = number(a->to, p);
	size_t before = a->place;
	int ret;

	if (a->fresh.n && n <= a->fresh.at[a->fresh.n - 1].last)
		return ODD;
	a->place = place_of(l, n);
	if (a->place < l->n && l->at[a->place].first <= n) {
		const struct piece *q = &l->at[a->place];

		ret = twin_find(a, q, n, e);
		if (!ret)
			ret = same_packet(a->file, p, q->file, &a->twin, e);
		if (ret > 0)
			a->again++;
		if (ret || q->file->trace != a->file->trace)
			return ret;
		return ODD;
	}
	if (overlaps(a, p))
		return CLASH;
	return take_fresh(a, p, before, e);
}

static int by_number(const void *x, const void *y)
{
	const struct piece *a = x, *b = y;

	return (a->first > b->first) - (a->first < b->first);
}

static int pieces_join(struct pieces *to, const struct pieces *from,
		       struct ctf_error *e)
{
	bool behind = !to->n || !from->n ||
		      to->at[to->n - 1].first < from->at[0].first;
	size_t i;

	for (i = 0; i < from->n; i++) {
		struct piece *p = piece_add(to);

		if (!p)
			return fail_nomem(e);
		*p = from->at[i];
	}
	if (!behind)
		qsort(to->at, to->n, sizeof(*to->at), by_number);
	return 0;
}

/* ADDED, CLASH, ODD or an error; only the first of them leaves something. */
static int join_file(struct ctf_joined *j, struct joined *to,
		     struct ctf_stream *file, struct ctf_error *e)
{
	struct adding a = { .j = j, .to = to, .file = file };
	struct ctf_packet p;
	int ret, more;

	more = ctf_stream_packet(file, NULL, &p, e);
	for (ret = ADDED; ret == ADDED && more > 0;
	     more = ctf_stream_packet(file, &p, &p, e))
		ret = take_packet(&a, &p, e);
	if (ret == ADDED && more < 0)
		ret = more;
	if (ret == ADDED && pieces_join(&to->pieces, &a.fresh, e))
		ret = -ENOMEM;
	if (ret == ADDED)
		j->again += a.again;
	free(a.fresh.at);
	return ret;
}

/* One that is joined with none. */
static int add_alone(struct ctf_joined *j, size_t session,
		     struct ctf_stream *file, struct ctf_error *e)
{
	struct joined *s;
	struct piece *p;

	if (vec_grow(&j->streams, &j->cap_streams, j->n_streams + 1,
		     sizeof(*s)))
		return fail_nomem(e);
	s = &j->streams[j->n_streams++];
	*s = (struct joined){ .session = session,
			      .class_id = file->sc->id,
			      .alone = true };
	p = piece_add(&s->pieces);
	if (!p)
		return fail_nomem(e);
	*p = (struct piece){ .file = file, .to = file->size };
	return ADDED;
}

/* The stream that a file is of by what its first packet says; NULL: memory. */
static struct joined *stream_of(struct ctf_joined *j, size_t session,
				const struct ctf_packet *p)
{
	bool by_instance = p->has & CTF_HAS_INSTANCE;
	uint64_t id = by_instance ? p->instance : p->cpu;
	struct joined *s;
	size_t i;

	for (i = 0; i < j->n_streams; i++) {
		s = &j->streams[i];
		if (s->session == session && s->class_id == p->stream_id &&
		    s->by_instance == by_instance && s->id == id && !s->alone)
			return s;
	}
	if (vec_grow(&j->streams, &j->cap_streams, j->n_streams + 1,
		     sizeof(*s)))
		return NULL;
	s = &j->streams[j->n_streams++];
	*s = (struct joined){
		.session = session,
		.class_id = p->stream_id,
		.id = id,
		.by_instance = by_instance,
		.by_seq = p->has & CTF_HAS_SEQ,
		.has = p->has & (CTF_HAS_SEQ | CTF_HAS_DISCARDED),
	};
	return s;
}

static int add_file(struct ctf_joined *j, size_t session,
		    struct ctf_stream *file, struct ctf_error *e)
{
	struct ctf_packet p;
	struct joined *s;
	int ret = ctf_stream_packet(file, NULL, &p, e);

	if (ret <= 0)
		return ret ? ret : ADDED;
	if (!(p.has & (CTF_HAS_INSTANCE | CTF_HAS_CPU)) ||
	    !(p.has & (CTF_HAS_SEQ | CTF_HAS_BEGIN)))
		return add_alone(j, session, file, e);
	s = stream_of(j, session, &p);
	if (!s)
		return fail_nomem(e);
	ret = s->odd || s->by_seq != !!(p.has & CTF_HAS_SEQ) ?
		      ODD : join_file(j, s, file, e);
	if (ret == ODD) {
		s->odd = true;
		return add_alone(j, session, file, e);
	}
	if (ret == ADDED &&
	    vec_grow(&j->files, &j->cap_files, j->n_files + 1, sizeof(file)))
		return fail_nomem(e);
	if (ret == ADDED)
		j->files[j->n_files++] = file;
	return ret;
}

bool ctf_traces_share_uuid(const struct ctf_trace *a, const struct ctf_trace *b)
{
	return a->has_uuid && b->has_uuid && !memcmp(a->uuid, b->uuid, 16);
}

static int session_of(struct ctf_joined *j, const struct ctf_trace *t,
		      size_t *session, struct ctf_error *e)
{
	size_t i;

	for (i = 0; i < j->n_sessions; i++) {
		if (ctf_traces_share_uuid(j->sessions[i].trace, t)) {
			*session = i;
			return 0;
		}
	}
	if (vec_grow(&j->sessions, &j->cap_sessions, j->n_sessions + 1,
		     sizeof(*j->sessions)))
		return fail_nomem(e);
	j->sessions[j->n_sessions].trace = t;
	*session = j->n_sessions++;
	return 0;
}

/* As if @t had not been there; streams behind the first @n are its own. */
static void take_back(struct ctf_joined *j, const struct ctf_trace *t, size_t n)
{
	size_t i, k, kept;

	while (j->n_streams > n)
		free(j->streams[--j->n_streams].pieces.at);
	for (i = 0; i < n; i++) {
		struct pieces *l = &j->streams[i].pieces;

		for (k = kept = 0; k < l->n; k++) {
			if (l->at[k].file->trace != t)
				l->at[kept++] = l->at[k];
		}
		l->n = kept;
	}
}

int ctf_joined_add(struct ctf_joined *j, struct ctf_trace *t,
		   struct ctf_error *e)
{
	size_t session = 0, i, before = j->n_streams, files = j->n_files;
	uint64_t again = j->again;
	int ret = session_of(j, t, &session, e);

	if (ret)
		return ret;
	for (i = 0, ret = ADDED; ret == ADDED && i < t->n_streams; i++)
		ret = add_file(j, session, &t->streams[i], e);
	if (ret == ADDED)
		return 1;
	take_back(j, t, before);
	j->n_files = files;
	j->again = again;
	return ret;
}

/* ------------------------------------------------------------------ the end */

static int section_add(const struct joined *s, const struct piece *before,
		       const struct piece *p, struct ctf_error *e)
{
	struct ctf_stream *file = p->file;
	struct section *last;

	if (before && before->file == file && before->to == p->from) {
		file->sections[file->n_sections - 1].to = p->to;
		return 0;
	}
	if (vec_grow(&file->sections, &file->cap_sections, file->n_sections + 1,
		     sizeof(*last)))
		return fail_nomem(e);
	last = &file->sections[file->n_sections++];
	*last = (struct section){ .from = p->from, .to = p->to };
	if (before) {
		last->has = s->has;
		last->seq = before->last;
		last->discarded = before->discarded;
	}
	return 0;
}

/* Most files are read as a whole and follow none. */
static void section_drop(struct ctf_stream *file)
{
	const struct section *s = file->sections;

	if (file->n_sections != 1 || s->from || s->to != file->size || s->has)
		return;
	free(file->sections);
	file->sections = NULL;
	file->n_sections = file->cap_sections = 0;
	file->joined = false;
}

int ctf_joined_end(struct ctf_joined *j, struct ctf_error *e)
{
	size_t i, k;
	int ret = 0;

	for (i = 0; i < j->n_files; i++)
		j->files[i]->joined = true;
	for (i = 0; !ret && i < j->n_streams; i++) {
		const struct joined *s = &j->streams[i];
		const struct pieces *l = &s->pieces;

		for (k = 0; !ret && !s->alone && k < l->n; k++)
			ret = section_add(s, k ? &l->at[k - 1] : NULL,
					  &l->at[k], e);
		for (k = 0; !ret && !s->alone && k < l->n; k++)
			section_drop(l->at[k].file);
	}
	return ret;
}

uint64_t ctf_joined_again(const struct ctf_joined *j)
{
	return j->again;
}

bool ctf_trace_is_partial(const struct ctf_trace *t)
{
	size_t i;

	for (i = 0; i < t->n_streams; i++) {
		if (stream_bytes(&t->streams[i]) < t->streams[i].size)
			return true;
	}
	return false;
}

bool ctf_trace_is_again(const struct ctf_trace *t)
{
	size_t i;

	for (i = 0; i < t->n_streams; i++) {
		if (!t->streams[i].joined || t->streams[i].n_sections)
			return false;
	}
	return t->n_streams;
}

/* ------------------------------------------------------------------ reading */

size_t ctf_joined_streams(const struct ctf_joined *j)
{
	return j->n_streams;
}

struct ctf_joined_stream ctf_joined_stream(const struct ctf_joined *j, size_t i)
{
	const struct pieces *l = &j->streams[i].pieces;

	return (struct ctf_joined_stream){
		.session = j->streams[i].session,
		.file = l->n ? l->at[l->n - 1].file : NULL,
	};
}

int ctf_joined_packet(const struct ctf_joined *j, size_t i,
		      struct ctf_joined_at *at, struct ctf_error *e)
{
	const struct pieces *l = &j->streams[i].pieces;
	const struct ctf_packet *prev = at->started ? &at->packet : NULL;
	uint64_t offset = prev ? prev->offset + prev->size : 0;

	if (prev && offset >= l->at[at->piece].to) {
		const struct piece *old = &l->at[at->piece++];

		if (at->piece == l->n)
			return 0;
		offset = l->at[at->piece].from;
		if (l->at[at->piece].file != old->file || old->to != offset)
			prev = NULL;
	} else if (!prev) {
		if (at->piece == l->n)
			return 0;
		offset = l->at[at->piece].from;
	}
	at->started = true;
	return packet_next(l->at[at->piece].file, offset, prev, &at->packet, e);
}
