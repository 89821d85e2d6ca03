// SPDX-License-Identifier: MIT
/* The heads of packets: what they say, and whether it can be. */
#include <stdlib.h>

#include "ctf/bits.h"

static int bad(const struct ctf_stream *s, uint64_t offset, struct ctf_error *e,
	       const char *what)
{
	return fail(e, -EINVAL, "%s: packet at byte %llu: %s", s->path,
		    (unsigned long long)offset, what);
}

static int check_identity(const struct ctf_stream *s, const struct run *r,
			  uint64_t offset, struct ctf_error *e)
{
	const struct ctf_trace *t = s->trace;

	if (sem_has(r, SEM_MAGIC) && r->sem[SEM_MAGIC] != CTF_MAGIC)
		return bad(s, offset, e, "does not begin with CTF's magic number");
	if (sem_has(r, SEM_UUID) && t->has_uuid &&
	    memcmp(r->data + r->sem_at[SEM_UUID] / 8, t->uuid, 16)) {
		bad(s, offset, e, "is of another trace: its uuid differs");
		return remedy(e, "one folder must hold one trace");
	}
	if (sem_has(r, SEM_STREAM_ID) && r->sem[SEM_STREAM_ID] != s->sc->id &&
	    (s->sc->has_id || s->trace->n_sclasses > 1))
		return bad(s, offset, e, "is of another stream class");
	return 0;
}

/* A full disk leaves it so, and then there is no other copy. */
static int cut_short(uint64_t offset, struct ctf_error *e)
{
	return remedy(e,
		      "copy the whole trace again; if the disk was full, leave that packet out: truncate -s %llu FILE",
		      (unsigned long long)offset);
}

static int check_sizes(const struct ctf_stream *s, const struct run *r,
		       struct ctf_packet *p, struct ctf_error *e)
{
	uint64_t rest = s->size - p->offset, bits;

	bits = sem_has(r, SEM_PACKET) ? r->sem[SEM_PACKET] : 0;
	p->content = sem_has(r, SEM_CONTENT) ? r->sem[SEM_CONTENT] : bits;
	if (!sem_has(r, SEM_PACKET)) {
		/* The content alone is all of it; without that there is one packet. */
		bits = sem_has(r, SEM_CONTENT) ? p->content :
		       rest < MAX_BITS / 8     ? rest * 8 :
						 MAX_BITS;
		p->content = bits;
		p->size = sem_has(r, SEM_CONTENT) ? bits / 8 : rest;
	}
	if (sem_has(r, SEM_PACKET) || sem_has(r, SEM_CONTENT)) {
		p->size = bits / 8;
		if (!bits || bits % 8)
			return bad(s, p->offset, e, "its size is impossible");
		if (p->size > rest) {
			fail(e, -EINVAL,
			     "%s: packet at byte %llu: cut short, %llu of %llu bytes are there",
			     s->path, (unsigned long long)p->offset,
			     (unsigned long long)rest,
			     (unsigned long long)p->size);
			return cut_short(p->offset, e);
		}
	}
	if (p->content > bits)
		return bad(s, p->offset, e, "its content is larger than itself");
	if (p->content < r->pos)
		return bad(s, p->offset, e, "its content is smaller than its head");
	if (bits >= MAX_BITS)
		return bad(s, p->offset, e, "larger than 512 MiB");
	return 0;
}

static uint64_t counter_step(const struct run *r, enum sem s, uint64_t prev)
{
	return (r->sem[s] - prev) & low_bits(r->sem_op[s]->size);
}

/*
 * How many of the events that a first packet counts were lost before the
 * recording begins is not known, but where it is the tracer's first one too.
 */
static uint64_t dropped_before_first(const struct run *r)
{
	return sem_has(r, SEM_SEQ) && r->sem[SEM_SEQ] ? 0 :
							r->sem[SEM_DISCARDED];
}

static void fill_counters(const struct run *r, const struct ctf_packet *prev,
			  struct ctf_packet *p)
{
	if (sem_has(r, SEM_DISCARDED)) {
		p->has |= CTF_HAS_DISCARDED;
		p->discarded = r->sem[SEM_DISCARDED];
		p->dropped = prev && prev->has & CTF_HAS_DISCARDED ?
				     counter_step(r, SEM_DISCARDED,
						  prev->discarded) :
				     dropped_before_first(r);
	}
	if (sem_has(r, SEM_SEQ)) {
		p->has |= CTF_HAS_SEQ;
		p->seq = r->sem[SEM_SEQ];
		if (prev && prev->has & CTF_HAS_SEQ && p->seq > prev->seq)
			p->lost = p->seq - prev->seq - 1;
	}
	if (sem_has(r, SEM_CPU)) {
		p->has |= CTF_HAS_CPU;
		p->cpu = (uint32_t)r->sem[SEM_CPU];
	}
	if (sem_has(r, SEM_INSTANCE)) {
		p->has |= CTF_HAS_INSTANCE;
		p->instance = r->sem[SEM_INSTANCE];
	}
}

static int fill_times(const struct ctf_stream *s, const struct run *r,
		      const struct ctf_packet *prev, struct ctf_packet *p,
		      struct ctf_error *e)
{
	if (sem_has(r, SEM_BEGIN)) {
		p->has |= CTF_HAS_BEGIN;
		p->begin = r->sem[SEM_BEGIN];
	}
	/* 0 in a packet that begins later: the tracer never closed it. */
	if (sem_has(r, SEM_END) && (r->sem[SEM_END] || !p->begin)) {
		p->has |= CTF_HAS_END;
		p->end = r->sem[SEM_END];
		if (p->has & CTF_HAS_BEGIN && p->end < p->begin)
			return bad(s, p->offset, e, "ends before it begins");
	}
	if (prev && prev->has & p->has & CTF_HAS_BEGIN &&
	    p->begin < prev->begin)
		return bad(s, p->offset, e, "begins before the packet before it");
	return 0;
}

/*
 * Parses the head of the packet at @data, of which @avail bytes are there.
 * Return: 0, -EAGAIN where more bytes may help, or another error. @r->slot has
 * to be there; it keeps the head's values.
 */
int packet_parse(const struct ctf_stream *s, const uint8_t *data, size_t avail,
		 uint64_t offset, const struct ctf_packet *prev,
		 struct ctf_packet *out, struct run *r, struct ctf_error *e)
{
	struct ctf_packet p = { .offset = offset, .cpu = UINT32_MAX };
	int ret;

	r->data = data;
	r->pos = 0;
	r->end = (uint64_t)avail * 8;
	ret = run_head(&s->sc->head, r);
	if (ret == RUN_SHORT && avail < s->size - offset && avail < MAX_HEAD)
		return -EAGAIN;
	if (ret == RUN_SHORT) {
		bad(s, offset, e, "cut short in its head");
		return cut_short(offset, e);
	}
	if (ret)
		return bad(s, offset, e, run_text(ret));
	ret = check_identity(s, r, offset, e);
	if (!ret)
		ret = check_sizes(s, r, &p, e);
	if (!ret)
		ret = fill_times(s, r, prev, &p, e);
	if (ret)
		return ret;
	fill_counters(r, prev, &p);
	p.stream_id = s->sc->id;
	p.events_at = r->pos;
	*out = p;
	return 0;
}

int stream_read(const struct ctf_stream *s, void *buf, size_t len, uint64_t off,
		struct ctf_error *e)
{
	int ret = file_open(s->file, e);

	if (ret)
		return ret;
	ret = pread_all(s->file->fd, buf, len, off);
	file_close(s->file);
	return ret ? fail(e, ret, "%s: %s", s->path, strerror(-ret)) : 0;
}

int packet_read(const struct ctf_stream *s, uint64_t offset,
		const struct ctf_packet *prev, struct ctf_packet *out,
		struct ctf_error *e)
{
	uint8_t small[512], *big;
	uint64_t slot[COMMON_SLOTS] = { 0 };
	struct run r = { .slot = slot };
	size_t n = sizeof(small);
	int ret;

	if (n > s->size - offset)
		n = s->size - offset;
	ret = stream_read(s, small, n, offset, e);
	if (ret)
		return ret;
	ret = packet_parse(s, small, n, offset, prev, out, &r, e);
	if (ret != -EAGAIN)
		return ret;
	n = s->size - offset < MAX_HEAD ? s->size - offset : MAX_HEAD;
	big = malloc(n);
	if (!big)
		return fail_nomem(e);
	ret = stream_read(s, big, n, offset, e);
	if (!ret)
		ret = packet_parse(s, big, n, offset, prev, out, &r, e);
	free(big);
	return ret;
}

bool stream_place(const struct ctf_stream *s, uint64_t *offset,
		  const struct ctf_packet **prev, struct ctf_packet *room)
{
	const struct section *at = s->sections;
	size_t lo = 0, hi = s->n_sections;

	if (!s->joined)
		return *offset < s->size;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (at[mid].to <= *offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == s->n_sections)
		return false;
	at += lo;
	if (*offset > at->from)
		return true;
	*offset = at->from;
	*room = (struct ctf_packet){ .has = at->has,
				     .seq = at->seq,
				     .discarded = at->discarded };
	*prev = at->has ? room : NULL;
	return true;
}

int packet_next(const struct ctf_stream *s, uint64_t offset,
		const struct ctf_packet *prev, struct ctf_packet *out,
		struct ctf_error *e)
{
	struct ctf_packet room;
	int ret;

	if (!stream_place(s, &offset, &prev, &room))
		return 0;
	ret = packet_read(s, offset, prev, out, e);
	return ret ? ret : 1;
}

int ctf_stream_packet(const struct ctf_stream *s, const struct ctf_packet *prev,
		      struct ctf_packet *out, struct ctf_error *e)
{
	return packet_next(s, prev ? prev->offset + prev->size : 0, prev, out,
			   e);
}

uint64_t stream_bytes(const struct ctf_stream *s)
{
	uint64_t bytes = 0;
	size_t i;

	if (!s->joined)
		return s->size;
	for (i = 0; i < s->n_sections; i++)
		bytes += s->sections[i].to - s->sections[i].from;
	return bytes;
}

int ctf_stream_span(const struct ctf_stream *s, struct ctf_span *out,
		    struct ctf_error *e)
{
	struct ctf_packet p;
	int ret;

	*out = (struct ctf_span){ .begin = UINT64_MAX, .bytes = stream_bytes(s) };
	for (ret = ctf_stream_packet(s, NULL, &p, e); ret > 0;
	     ret = ctf_stream_packet(s, &p, &p, e)) {
		out->packets++;
		out->discarded += p.dropped;
		out->lost += p.lost;
		if (p.has & CTF_HAS_BEGIN && p.begin < out->begin)
			out->begin = p.begin;
		if (p.has & CTF_HAS_END && p.end > out->end)
			out->end = p.end;
	}
	return ret;
}

int ctf_trace_span(const struct ctf_trace *t, struct ctf_span *out,
		   struct ctf_error *e)
{
	struct ctf_span s;
	size_t i;
	int ret;

	*out = (struct ctf_span){ .begin = UINT64_MAX };
	for (i = 0; i < t->n_streams; i++) {
		ret = ctf_stream_span(&t->streams[i], &s, e);
		if (ret)
			return ret;
		out->packets += s.packets;
		out->bytes += s.bytes;
		out->discarded += s.discarded;
		out->lost += s.lost;
		if (s.begin < out->begin)
			out->begin = s.begin;
		if (s.end > out->end)
			out->end = s.end;
	}
	return 0;
}

bool ctf_packet_has_events(const struct ctf_packet *p)
{
	return align_up(p->events_at, 8) < p->content;
}
