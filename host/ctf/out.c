// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctf/out.h"

#define PACKET	   (256 * 1024)
#define MAGIC	   0xc1fc1fc1u
#define CONTEXT_AT (4 + 16 + 4 + 8)	     /* behind the packet's header */
#define CPU_AT	   (CONTEXT_AT + 6 * 8)
#define BEGIN_AT   CONTEXT_AT
#define END_AT	   (CONTEXT_AT + 8)
#define SIZE_AT	   (CONTEXT_AT + 3 * 8)
#define SEQ_AT	   (CONTEXT_AT + 4 * 8)
#define HEADER	   (2 + 4 + 8)		     /* of an event, at most */
#define LONG_ID	   0xffff

int ctf_out_open(struct ctf_out *s, const char *path, uint64_t begin)
{
	s->fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (s->fd < 0)
		return -errno;
	s->begin = s->last = begin;
	s->size = PACKET;
	s->buffer = malloc(s->size);
	if (s->buffer)
		return 0;
	close(s->fd);
	s->fd = -1;
	return -ENOMEM;
}

static size_t events_at(const struct ctf_out *s)
{
	return CPU_AT + (s->has_cpu ? sizeof(s->cpu) : 0);
}

static void put(struct ctf_out *s, size_t *at, const void *p, size_t n)
{
	memcpy(s->buffer + *at, p, n);
	*at += n;
}

static void put_u64(struct ctf_out *s, size_t *at, uint64_t v)
{
	put(s, at, &v, sizeof(v));
}

static int write_all(struct ctf_out *s)
{
	size_t done = 0;

	while (done < s->used) {
		ssize_t n = pwrite(s->fd, s->buffer + done, s->used - done,
				   (off_t)(s->at + done));

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0)
			done += (size_t)n;
	}
	return 0;
}

/* Packets are as long as what they hold. */
static int close_packet(struct ctf_out *s)
{
	const uint32_t magic = MAGIC, id = 0;
	size_t at = 0;
	int ret;

	put(s, &at, &magic, sizeof(magic));
	put(s, &at, s->uuid, 16);
	put(s, &at, &id, sizeof(id));
	put_u64(s, &at, s->instance);
	put_u64(s, &at, s->begin);
	put_u64(s, &at, s->last);
	put_u64(s, &at, s->used * 8);
	put_u64(s, &at, s->used * 8);
	put_u64(s, &at, s->seq++);
	put_u64(s, &at, s->discarded);
	if (s->has_cpu)
		put(s, &at, &s->cpu, sizeof(s->cpu));
	ret = write_all(s);
	s->last_at = s->at;
	s->at += s->used;
	s->used = 0;
	s->begin = s->last;
	return ret;
}

/* What is lost is lost within the packet whose counter tells it first. */
int ctf_out_lost(struct ctf_out *s, uint64_t n)
{
	int ret = s->used ? close_packet(s) : 0;

	s->discarded += n;
	return ret;
}

static int make_room(struct ctf_out *s, size_t bytes)
{
	uint8_t *more;
	int ret;

	if (s->used && s->used + bytes > s->size) {
		ret = close_packet(s);
		if (ret)
			return ret;
	}
	if (events_at(s) + bytes > s->size) {
		more = realloc(s->buffer, events_at(s) + bytes);
		if (!more)
			return -ENOMEM;
		s->buffer = more;
		s->size = events_at(s) + bytes;
	}
	if (!s->used)
		s->used = events_at(s);
	return 0;
}

uint8_t *ctf_out_room(struct ctf_out *s, uint16_t id, uint64_t stamp, size_t most)
{
	int ret = make_room(s, HEADER + most);
	bool fits;

	if (ret) {
		errno = -ret;
		return NULL;
	}
	/* Streams do not go back, by which the ring buffer does not either. */
	if (stamp < s->last)
		stamp = s->last;
	/* The packet's begin tells the upper half of its first stamp, too. */
	fits = stamp - s->last <= UINT32_MAX && id < LONG_ID;
	if (fits) {
		put(s, &s->used, &id, sizeof(id));
		put(s, &s->used, &stamp, 4);
	} else {
		const uint16_t escape = LONG_ID;
		const uint32_t long_id = id;

		put(s, &s->used, &escape, sizeof(escape));
		put(s, &s->used, &long_id, sizeof(long_id));
		put_u64(s, &s->used, stamp);
	}
	s->last = stamp;
	if (!s->events++)
		s->first = stamp;
	return s->buffer + s->used;
}

void ctf_out_event(struct ctf_out *s, const uint8_t *end)
{
	s->used = (size_t)(end - s->buffer);
}

int ctf_out_end(struct ctf_out *s)
{
	int ret = s->used ? close_packet(s) : 0;

	free(s->buffer);
	s->buffer = NULL;
	return ret;
}

static int put_at(struct ctf_out *s, uint64_t at, uint64_t v)
{
	ssize_t n = pwrite(s->fd, &v, sizeof(v), (off_t)at);

	return n < 0 ? -errno : n == (ssize_t)sizeof(v) ? 0 : -EIO;
}

/* The first packet is not the recording's first one: they are numbered from 1. */
static int begin_late(struct ctf_out *s)
{
	uint64_t at, bits, seq = 0;
	int ret = put_at(s, BEGIN_AT, s->first);

	for (at = 0; !ret && at < s->at; at += bits / 8) {
		if (pread(s->fd, &bits, sizeof(bits), (off_t)(at + SIZE_AT)) !=
		    (ssize_t)sizeof(bits))
			return -EIO;
		ret = put_at(s, at + SEQ_AT, ++seq);
	}
	return ret;
}

int ctf_out_until(struct ctf_out *s, uint64_t end, bool lost_first)
{
	int ret = put_at(s, s->last_at + END_AT, end);

	if (!ret && lost_first)
		ret = begin_late(s);
	if (close(s->fd) && !ret)
		ret = -errno;
	s->fd = -1;
	return ret;
}
