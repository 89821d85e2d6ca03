// SPDX-License-Identifier: MIT
/*
 * A cursor over one stream. The file is read a packet at a time into the same
 * memory, so that does not depend on the size of the file; only large packets
 * are mapped.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ctf/cursor.h"

#define WINDOW	(256u << 10)	/* bytes read at least */
#define MAX_READ	(4u << 20)	/* above that, map */

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
	c->reader.slot = c->slot;
	c->classes = s->trace->classes;
	c->ev.stream = s;
	c->ev.packet = &c->packet;
	c->ev.state = &c->reader;
	return c;
}

void ctf_cursor_free(struct ctf_cursor *c)
{
	if (!c)
		return;
	if (c->map)
		munmap(c->map, c->map_len);
	free(c->buf);
	reader_free(&c->reader);
	free(c);
}

/* Reads so that bytes @from .. @from + @len of the file are in c->buf. */
static int fill_buf(struct ctf_cursor *c, uint64_t from, uint64_t len,
		    struct ctf_error *e)
{
	uint64_t end = from + len, want = from + WINDOW;
	size_t have = 0;
	int ret;

	if (from >= c->buf_off && end <= c->buf_off + c->buf_len)
		return 0;
	if (want < end)
		want = end;
	if (want > c->stream->size)
		want = c->stream->size;
	/* What is there already is the beginning of what is wanted. */
	if (from >= c->buf_off && from < c->buf_off + c->buf_len) {
		have = c->buf_off + c->buf_len - from;
		memmove(c->buf, c->buf + (from - c->buf_off), have);
	}
	c->buf_len = 0;
	if (vec_grow(&c->buf, &c->buf_cap, want - from, 1))
		return fail_nomem(e);
	ret = pread_all(c->stream->fd, c->buf + have, want - from - have,
			from + have);
	if (ret)
		return fail(e, ret, "%s: %s", c->stream->path, strerror(-ret));
	c->buf_off = from;
	c->buf_len = want - from;
	return 0;
}

static int map_packet(struct ctf_cursor *c, uint64_t from, uint64_t len,
		      struct ctf_error *e)
{
	uint64_t off = from & ~((uint64_t)sysconf(_SC_PAGESIZE) - 1);
	void *p;

	p = mmap(NULL, from + len - off, PROT_READ, MAP_PRIVATE,
		 c->stream->fd, (off_t)off);
	if (p == MAP_FAILED)
		return fail(e, -errno, "%s: %s", c->stream->path,
			    strerror(errno));
	c->map = p;
	c->map_len = from + len - off;
	c->data = c->map + (from - off);
	return 0;
}

/* Points c->data at bytes @from .. @from + @len of the file. */
static int window(struct ctf_cursor *c, uint64_t from, uint64_t len,
		  struct ctf_error *e)
{
	int ret;

	if (c->map)
		munmap(c->map, c->map_len);
	c->map = NULL;
	if (len > MAX_READ)
		return map_packet(c, from, len, e);
	ret = fill_buf(c, from, len, e);
	c->data = c->buf + (from - c->buf_off);
	return ret;
}

/* Goes to the next packet: 1, 0 at the end, or an error. */
static int next_packet(struct ctf_cursor *c, struct ctf_error *e)
{
	const struct ctf_stream *s = c->stream;
	uint64_t off = c->started ? c->packet.offset + c->packet.size : 0;
	uint64_t head;
	struct run r = { .slot = c->slot };
	int ret;

	if (off >= s->size)
		return 0;
	head = s->size - off < MAX_HEAD ? s->size - off : MAX_HEAD;
	ret = window(c, off, head, e);
	if (ret)
		return ret;
	ret = packet_parse(s, c->data, head, off,
			   c->started ? &c->packet : NULL, &c->packet, &r, e);
	if (ret)
		return ret;
	c->started = true;
	ret = window(c, off, c->packet.size, e);
	if (ret)
		return ret;
	if (c->packet.has & CTF_HAS_BEGIN) {
		if (c->packet.begin < c->walk.clock)
			return fail(e, -EINVAL,
				    "%s: packet at byte %llu: begins before the last event before it",
				    s->path, (unsigned long long)off);
		c->walk.clock = c->packet.begin;
	}
	walk_packet(&c->walk, c->data, &c->packet);
	c->ev.data = c->walk.data;
	c->ev.cpu = c->packet.cpu;
	return 1;
}

int cursor_fill(struct ctf_cursor *c, struct ctf_error *e)
{
	int ret;

	c->i = 0;
	c->batch.n = 0;
	while (!c->error && !c->ended) {
		if (c->started && c->walk.pos < c->walk.end) {
			c->error = walk_fill(&c->walk, &c->batch, &c->why);
			if (c->batch.n) {
				c->taken += c->batch.n;
				return 1;
			}
			continue;
		}
		ret = next_packet(c, &c->why);
		if (ret < 0)
			c->error = ret;
		c->ended = !ret;
	}
	if (c->error && e)
		*e = c->why;
	return c->error;
}

int ctf_cursor_next(struct ctf_cursor *c, const struct ctf_event **ev,
		    struct ctf_error *e)
{
	int ret;

	if (c->i == c->batch.n) {
		ret = cursor_fill(c, e);
		if (ret <= 0)
			return ret;
	}
	c->ev.cls = &c->classes[c->batch.cls[c->i] & WALK_CLS]->pub;
	c->ev.clock = c->ev.time = c->batch.clock[c->i];
	c->ev.at = c->batch.at[c->i];
	c->i++;
	*ev = &c->ev;
	return 1;
}

uint64_t ctf_cursor_skipped(const struct ctf_cursor *c)
{
	return c->walk.events - c->taken;
}
