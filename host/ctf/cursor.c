// SPDX-License-Identifier: MIT
/*
 * A cursor over one stream. The file is read a packet at a time into the same
 * memory, so that does not depend on the size of the file; only large packets
 * are mapped. (Reading into memory that stays in the processor's cache is twice
 * as fast as mapping, and a file that shrinks meanwhile ends in an error.) Where
 * events are looked at as they are decoded no whole packet is in memory at any time.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ctf/cursor.h"

#define READS		4		/* that a part has room for, at least */
#define SLACK		64		/* bytes: decoding may look behind an event */
#define MAX_READ	(4u << 20)	/* above that, map */
#define SLIDE_READS	2		/* that a part has room for that slides */

struct ctf_cursor *ctf_cursor_new(const struct ctf_stream *s,
				  const uint8_t *want, struct ctf_error *e)
{
	struct ctf_cursor *c = calloc(1, sizeof(*c));

	if (!c) {
		fail_nomem(e);
		return NULL;
	}
	c->stream = s;
	c->walk.stream = s;
	c->walk.sc = s->sc;
	c->walk.want = want;
	c->walk.slot = c->slot;
	c->read = READ_MOST;
	c->reader.slot = c->slot;
	c->classes = s->trace->classes;
	c->ev.stream = s;
	c->ev.state = &c->reader;
	return c;
}

static void part_free(struct cursor_part *p)
{
	if (p->map)
		munmap(p->map, p->map_len);
	free(p->buf);
}

void ctf_cursor_free(struct ctf_cursor *c)
{
	if (!c)
		return;
	part_free(&c->part[0]);
	part_free(&c->part[1]);
	if (c->is_open)
		file_close(c->stream->file);
	free(c->own);
	if (c->reader.slot != c->slot)
		free(c->reader.slot);
	reader_free(&c->reader);
	free(c);
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Whether bytes @from .. @from + @len of the file are in @p, or can be put there. */
static bool part_has_room(const struct cursor_part *p, uint64_t from, uint64_t len)
{
	return !p->map && from >= p->off && from <= p->off + p->len &&
	       from + len <= p->off + p->cap;
}

/* Has @p begin with byte @from of the file and makes room for @len bytes. */
static int part_begin(struct cursor_part *p, const struct cursor_part *old, uint64_t from,
		      uint64_t len, struct ctf_error *e)
{
	uint64_t end = old->off + old->len, have = 0;

	if (vec_grow(&p->buf, &p->cap, len, 1))
		return fail_nomem(e);
	/* What is there already is the beginning of what is wanted. */
	if (from >= old->off && from < end) {
		have = min(end - from, p->cap);
		memmove(p->buf, old->buf + (from - old->off), have);
	}
	p->off = from;
	p->len = have;
	return 0;
}

/* Reads what is missing before byte @end of the file, and some more. */
static int part_read(const struct ctf_cursor *c, struct cursor_part *p, uint64_t end,
		     struct ctf_error *e)
{
	uint64_t have = p->off + p->len, room = p->off + p->cap;
	int ret;

	if (p->map || end <= have)
		return 0;
	end = min(min(end + c->read, room), c->stream->size);
	ret = pread_all(c->stream->file->fd, p->buf + p->len, end - have, have);
	if (ret)
		return fail(e, ret, "%s: %s", c->stream->path, strerror(-ret));
	p->len += end - have;
	return 0;
}

static int part_map(const struct ctf_cursor *c, struct cursor_part *p, uint64_t from,
		    uint64_t end, struct ctf_error *e)
{
	uint64_t off = from & ~((uint64_t)sysconf(_SC_PAGESIZE) - 1);
	void *map;

	map = mmap(NULL, end - off, PROT_READ, MAP_PRIVATE,
		   c->stream->file->fd,
		   (off_t)off);
	if (map == MAP_FAILED)
		return fail(e, -errno, "%s: %s", c->stream->path,
			    strerror(errno));
	p->map = map;
	p->map_len = end - off;
	return 0;
}

/* Bytes that a part has room for at least. */
static uint64_t part_room(const struct ctf_cursor *c)
{
	return (c->slides ? SLIDE_READS : READS) * (uint64_t)c->read;
}

/*
 * Points c->data at byte @from of the file and has room for @len bytes there,
 * to be read or mapped. The part @keep, if it is one, stays as it is.
 */
static int window(struct ctf_cursor *c, int keep, uint64_t from, uint64_t len,
		  struct ctf_error *e)
{
	struct cursor_part *old = &c->part[c->at], *p = old;
	uint64_t least = part_room(c);
	int ret;

	if (part_has_room(old, from, len)) {
		c->data = old->buf + (from - old->off);
		return 0;
	}
	if (c->at == keep)
		p = &c->part[c->at ^= 1];
	if (p->map)
		munmap(p->map, p->map_len);
	p->map = NULL;
	if (len > MAX_READ) {
		ret = part_map(c, p, from, from + len, e);
		c->data = p->map + (p->map_len - len);
		return ret;
	}
	ret = part_begin(p, old, from, len < least ? least : len, e);
	c->data = p->buf;
	return ret;
}

/* Most heads are far shorter than they may be: -EAGAIN if @most bytes are few. */
static int read_head(struct ctf_cursor *c, int keep, uint64_t off, uint64_t most,
		     const struct ctf_packet *prev, struct ctf_error *e)
{
	const struct ctf_stream *s = c->stream;
	uint64_t head = min(s->size - off, most);
	struct run r = { .slot = c->slot };
	int ret = window(c, keep, off, head, e);

	if (!ret)
		ret = part_read(c, &c->part[c->at], off + head, e);
	if (ret)
		return ret;
	return packet_parse(s, c->data, head, off, prev, &c->packet, &r, e);
}

/* Whether the packet says that it ends before its last event. */
static bool ends_early(const struct ctf_cursor *c)
{
	const struct walk *w = &c->walk;

	return c->packet.has & CTF_HAS_END && w->pos > w->first &&
	       w->clock > c->packet.end;
}

/* Goes to the next packet: 1, 0 at the end, or an error. */
static int next_packet(struct ctf_cursor *c, int keep, struct ctf_error *e)
{
	const struct ctf_stream *s = c->stream;
	const struct ctf_packet *prev = c->started ? &c->packet : NULL;
	uint64_t off = prev ? prev->offset + prev->size : 0;
	uint64_t last_end = prev && prev->has & CTF_HAS_END ? prev->end : 0;
	struct ctf_packet room;
	bool early = prev && ends_early(c);
	int ret;

	if (!stream_place(s, &off, &prev, &room)) {
		c->passed.bad_ends += early;
		return 0;
	}
	if (!c->is_open) {
		ret = file_open(s->file, e);
		if (ret)
			return ret;
		c->is_open = true;
	}
	ret = read_head(c, keep, off, c->read, prev, e);
	if (ret == -EAGAIN)
		ret = read_head(c, keep, off, MAX_HEAD, prev, e);
	if (ret)
		return ret;
	c->started = true;
	ctf_passed_packet(&c->passed, &c->packet);
	c->passed.bad_ends += early || (c->packet.has & CTF_HAS_BEGIN &&
					c->packet.begin < last_end);
	ret = window(c, keep, off,
		     c->slides ? min(c->packet.size, part_room(c)) : c->packet.size,
		     e);
	if (ret)
		return ret;
	if (c->walk.pos > c->walk.first)
		c->walk.floor = c->walk.clock;
	c->walk.clock = packet_base(&c->packet, last_end, c->walk.clock);
	walk_packet(&c->walk, c->data, &c->packet);
	c->used = c->walk.pos;
	return 1;
}

/*
 * Gives memory back to the system that holds what lies between the packet's head
 * and @c->used, where many streams are read at once and all of their packets
 * would be much.
 */
static void drop_used(struct ctf_cursor *c)
{
	struct cursor_part *p = &c->part[c->at];
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from, until;

	if (p->map || c->slides || c->read == READ_MOST)
		return;
	from = (uintptr_t)c->data + c->packet.events_at / 8 + page - 1;
	until = (uintptr_t)c->data + c->used / 8;
	from &= ~(page - 1);
	until &= ~(page - 1);
	if (from < until)
		madvise((void *)from, until - from, MADV_DONTNEED);
}

/*
 * Has the part begin with the next event, and room up to byte @end of the file: of a
 * large packet no more is in memory than what the processor's cache holds. What is
 * before that byte is not there any more, though c->data still is where the packet
 * would begin.
 */
static int slide(struct ctf_cursor *c, int keep, uint64_t end)
{
	struct cursor_part *old = &c->part[c->at], *p = old;
	uint64_t from = c->packet.offset + c->walk.pos / 8;
	uint64_t len = part_room(c);
	int ret;

	if (end <= old->off + old->cap)
		return 0;
	if (c->at == keep)
		p = &c->part[c->at ^= 1];
	ret = part_begin(p, old, from, end - from > len ? end - from : len,
			 &c->why);
	c->data = (const uint8_t *)((uintptr_t)p->buf -
				    (uintptr_t)(from - c->packet.offset));
	c->walk.data = c->data;
	return ret;
}

/*
 * Has the walk see the packet as far as it is read, up to byte @need of the file at
 * least. It is read bit by bit, which leaves it in the cache, and takes as long each
 * time. Return: 1 if that is all of the packet, 0 or an error.
 */
static int see(struct ctf_cursor *c, int keep, uint64_t need)
{
	const struct ctf_packet *pkt = &c->packet;
	struct cursor_part *p;
	uint64_t there;
	int ret = 0;

	need = min(need, pkt->offset + pkt->size);
	if (c->slides)
		ret = slide(c, keep, need);
	p = &c->part[c->at];
	if (!ret)
		ret = part_read(c, p, need, &c->why);
	if (ret)
		return ret;
	there = p->off + p->len - pkt->offset;
	c->walk.end = pkt->content;
	if (p->map || there * 8 >= pkt->content)
		return 1;
	c->walk.end = (there - SLACK) * 8;
	return 0;
}

/* What lies before the batch before this one is not in use any more. */
static int begin_batch(struct ctf_cursor *c, int keep)
{
	drop_used(c);
	c->used = c->walk.pos;
	return see(c, keep, c->packet.offset + c->walk.pos / 8 + c->read);
}

/*
 * Decodes events of the packet that the walk is in, as far as it is read; where none of
 * these is wanted it is read further, for the next call. An event that seems to be wrong
 * before all is there may just not be there.
 */
static int fill_batch(struct ctf_cursor *c, struct batch *b, int keep)
{
	int ret = c->begun ? c->seen : begin_batch(c, keep);
	const struct cursor_part *p;

	c->begun = false;
	if (ret)
		return ret < 0 ? ret : walk_more(&c->walk, b, &c->why);
	walk_more(&c->walk, b, NULL);
	if (b->n)
		return 0;
	p = &c->part[c->at];
	c->seen = see(c, keep, p->off + p->len + 1);
	c->begun = true;
	return c->seen < 0 ? c->seen : 0;
}

/* The part that has to stay as it is, or -1. */
static int part_kept(const struct block *keep)
{
	return keep && keep->batch.n ? keep->at : -1;
}

/* Whether a batch is begun with; false where that is not simple. */
static bool begin(const struct filling *f)
{
	struct ctf_cursor *c = f->cur;

	if (!c->begun && (c->error || c->ended || !c->started ||
			  c->walk.pos >= c->packet.content))
		return false;
	if (!c->begun) {
		f->block->batch.n = 0;
		c->seen = begin_batch(c, part_kept(f->keep));
	}
	c->begun = true;
	return c->seen >= 0;
}

unsigned int cursor_two(const struct filling *f, const struct filling *g)
{
	if (!begin(f))
		return WALK_FIRST;
	if (!begin(g))
		return WALK_SECOND;
	return walk_two(&f->cur->walk, &f->block->batch, &g->cur->walk,
			&g->block->batch);
}

/* Into the packet that the cursor is in, or is now led to. */
static void fill(struct ctf_cursor *c, struct block *b, int keep)
{
	int ret;

	if (c->begun || (c->started && c->walk.pos < c->packet.content)) {
		c->error = fill_batch(c, &b->batch, keep);
		b->packet = c->packet;
		b->data = c->data;
		b->at = c->at;
		c->taken += b->batch.n;
		return;
	}
	ret = next_packet(c, keep, &c->why);
	if (ret < 0)
		c->error = ret;
	c->ended = !ret;
}

int cursor_try(struct ctf_cursor *c, struct block *b, const struct block *keep,
	       struct ctf_error *e)
{
	if (!c->begun)
		b->batch.n = 0;
	if (!c->error && !c->ended)
		fill(c, b, part_kept(keep));
	if (b->batch.n) {
		if (c->reader.slot != c->slot)
			memcpy(b->slot, c->slot, sizeof(b->slot));
		return 1;
	}
	if (c->error && e)
		*e = c->why;
	return c->error ? c->error : !c->ended;
}

int cursor_fill(struct ctf_cursor *c, struct block *b, const struct block *keep,
		struct ctf_error *e)
{
	int ret;

	do
		ret = cursor_try(c, b, keep, e);
	while (ret > 0 && !b->batch.n);
	return ret;
}

void cursor_more(struct ctf_cursor *c)
{
	c->ended = false;
}

int cursor_step(struct ctf_cursor *c, struct block *b, struct ctf_error *e)
{
	b->batch.n = 0;
	if (!c->error && !c->ended)
		fill(c, b, -1);
	if (c->error && e)
		*e = c->why;
	return c->error ? c->error : !c->ended;
}

struct ctf_passed cursor_passed(const struct ctf_cursor *c)
{
	struct ctf_passed passed = c->passed;

	passed.events = c->walk.events;
	return passed;
}

void cursor_use(struct ctf_cursor *c, struct block *b)
{
	c->ev.packet = &b->packet;
	c->ev.data = b->data;
	c->ev.cpu = b->packet.cpu;
	if (c->reader.slot != c->slot)
		memcpy(c->reader.slot, b->slot, sizeof(b->slot));
}

bool cursor_part_ways(struct ctf_cursor *c)
{
	uint64_t *slot;

	if (c->walk.sc->event_slots)
		return false;
	slot = calloc(ALL_SLOTS, sizeof(*slot));
	if (slot)
		c->reader.slot = slot;
	return slot;
}

int ctf_cursor_next(struct ctf_cursor *c, const struct ctf_event **ev,
		    struct ctf_error *e)
{
	const struct batch *b;
	int ret;

	if (!c->own) {
		c->own = malloc(sizeof(*c->own));
		if (!c->own)
			return fail_nomem(e);
		c->own->batch.n = 0;
	}
	b = &c->own->batch;
	if (c->i == b->n) {
		ret = cursor_fill(c, c->own, NULL, e);
		if (ret <= 0)
			return ret;
		cursor_use(c, c->own);
		c->i = 0;
	}
	c->ev.cls = &c->classes[b->cls[c->i] & WALK_CLS]->pub;
	c->ev.clock = c->ev.time = b->clock[c->i];
	c->ev.at = b->at[c->i];
	c->i++;
	*ev = &c->ev;
	return 1;
}

uint64_t ctf_cursor_skipped(const struct ctf_cursor *c)
{
	return c->walk.events - c->taken;
}
