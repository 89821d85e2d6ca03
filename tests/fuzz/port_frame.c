// SPDX-License-Identifier: MIT
/*
 * libFuzzer: any bytes through a port, in reads of any length. What comes out is
 * what is there, by a decoder that has all of the bytes at once; and every byte is
 * accounted for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "port/frame.h"

struct found {
	size_t frames;
	size_t unknown;
	size_t at; /* of what is not told yet */
};

static void wrong(const char *what)
{
	fprintf(stderr, "wrong: %s\n", what);
	abort();
}

/* The length of the frame that begins here, 0: none does, SIZE_MAX: who knows? */
static size_t frame_at(const uint8_t *p, size_t n)
{
	size_t len;
	uint32_t crc;

	if (memcmp(p, "VSPF", n < 4 ? n : 4) ||
	    (n > 4 && p[4] != VMSYNC_PORT_VERSION))
		return 0;
	if (n < 8)
		return SIZE_MAX;
	len = p[6] | p[7] << 8;
	if (len < VMSYNC_PORT_HEADER || len > VMSYNC_PORT_MAX)
		return 0;
	if (n < len)
		return SIZE_MAX;
	crc = p[8] | p[9] << 8 | p[10] << 16 | (uint32_t)p[11] << 24;
	return crc == vmsync_port_crc(p, len) ? len : 0;
}

/* As include/uapi/vmsync_port.h says it. */
static bool is_known(const uint8_t *p, size_t len)
{
	switch (p[5]) {
	case VMSYNC_PORT_REQUEST:
		return len == VMSYNC_PORT_REQUEST_LEN;
	case VMSYNC_PORT_ANSWER:
		return len == VMSYNC_PORT_ANSWER_LEN;
	case VMSYNC_PORT_START:
	case VMSYNC_PORT_START_RING:
	case VMSYNC_PORT_PAGES:
	case VMSYNC_PORT_SNAPSHOT:
		return len == 20;
	case VMSYNC_PORT_STOP:
	case VMSYNC_PORT_ASK:
	case VMSYNC_PORT_FORGET:
		return len == 16;
	case VMSYNC_PORT_PULL:
		return len == 32;
	case VMSYNC_PORT_STATE:
		return len >= 20 && len <= 220;
	case VMSYNC_PORT_TAKEN:
		return len >= 32 && len <= 232;
	case VMSYNC_PORT_DATA:
		return len >= 36;
	}
	return false;
}

static struct found find(const uint8_t *p, size_t n)
{
	struct found f = { 0 };

	while (f.at < n) {
		size_t len = frame_at(p + f.at, n - f.at);

		if (len == SIZE_MAX)
			break;
		if (len && is_known(p + f.at, len))
			f.frames++;
		else if (len)
			f.unknown++;
		f.at += len ? len : 1;
	}
	return f;
}

/* A frame that came out is, written again, what went in. */
static void check_frame(const struct vmsync_port_decoder *d,
			const struct vmsync_port_frame *frame)
{
	uint8_t out[VMSYNC_PORT_MAX];
	size_t len = vmsync_port_write(frame, out);
	/* Some bytes of each are for a later day, and may hold anything. */
	size_t unused = frame->type == VMSYNC_PORT_TAKEN ? 21 : 16;
	size_t used = frame->type == VMSYNC_PORT_TAKEN ? 24 : 20;
	const uint8_t *in = d->bytes + d->head - len;

	if (d->head < len || memcmp(in + 12, out + 12, unused - 12) ||
	    (len > used && memcmp(in + used, out + used, len - used)))
		wrong("a frame that is not in the bytes");
}

/* A CRC is not guessed: half of all inputs get what their headers need. */
static uint8_t *with_crcs(const uint8_t *data, size_t size)
{
	uint8_t *p = malloc(size + 1);
	size_t i;

	if (!p)
		wrong("no memory");
	memcpy(p, data, size);
	for (i = 0; size % 2 && i + VMSYNC_PORT_HEADER <= size; i++) {
		size_t len = p[i + 6] | p[i + 7] << 8;
		uint32_t crc;

		if (memcmp(p + i, "VSPF", 4) || len < VMSYNC_PORT_HEADER ||
		    len > size - i)
			continue;
		crc = vmsync_port_crc(p + i, len);
		for (int k = 0; k < 4; k++)
			p[i + 8 + k] = crc >> 8 * k & 255;
	}
	return p;
}

static void decode(const uint8_t *data, size_t size)
{
	struct vmsync_port_decoder *d = calloc(1, sizeof(*d));
	struct vmsync_port_frame frame;
	struct found want;
	size_t at = 0, step = size ? data[0] % 97 + 1 : 1;

	if (!d)
		wrong("no memory");
	want = find(data, size);
	while (at < size) {
		size_t room, n = step < size - at ? step : size - at;
		uint8_t *p = vmsync_port_room(d, &room);

		if (room < VMSYNC_PORT_READ)
			wrong("no room to read to");
		memcpy(p, data + at, n);
		vmsync_port_fed(d, n);
		at += n;
		while (vmsync_port_next(d, &frame))
			check_frame(d, &frame);
	}
	if (d->counts.frames != want.frames || d->counts.unknown != want.unknown)
		wrong("other frames than there are");
	if ((size_t)(d->tail - d->head) != size - want.at)
		wrong("what is not told yet");
	free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *p = with_crcs(data, size);

	decode(p, size);
	free(p);
	return 0;
}
