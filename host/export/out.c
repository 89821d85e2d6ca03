// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "export/out.h"

bool out_new(struct out *o, size_t room, int fd)
{
	o->start = o->p = malloc(room);
	o->end = o->start ? o->start + room : NULL;
	o->fd = fd;
	o->error = o->start ? 0 : -ENOMEM;
	return o->start;
}

void out_free(struct out *o)
{
	free(o->start);
}

static int write_all(int fd, const char *s, size_t n)
{
	while (n) {
		ssize_t done = write(fd, s, n);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? -errno : -EIO;
		s += done;
		n -= (size_t)done;
	}
	return 0;
}

int out_write(struct out *o, int fd)
{
	if (!o->error)
		o->error = write_all(fd, o->start, (size_t)(o->p - o->start));
	o->p = o->start;
	return o->error;
}

static bool grow(struct out *o, size_t n)
{
	size_t used = (size_t)(o->p - o->start);
	size_t room = 2 * (size_t)(o->end - o->start) + n;
	char *start;

	if (n > SIZE_MAX / 4)
		return false;
	start = malloc(room);
	if (!start)
		return false;
	if (used)
		memcpy(start, o->start, used);
	free(o->start);
	o->start = start;
	o->p = start + used;
	o->end = start + room;
	return true;
}

void out_make_room(struct out *o, size_t n)
{
	if (o->fd >= 0)
		out_write(o, o->fd);
	if ((size_t)(o->end - o->p) >= n || grow(o, n))
		return;
	o->error = -ENOMEM;
	o->p = o->start;
}

void out_put(struct out *o, const char *s, size_t n)
{
	size_t part;

	while (n) {
		out_reserve(o, 1);
		part = (size_t)(o->end - o->p);
		if (part > n)
			part = n;
		memcpy(o->p, s, part);
		o->p += part;
		s += part;
		n -= part;
	}
}
