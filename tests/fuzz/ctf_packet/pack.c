// SPDX-License-Identifier: MIT
/*
 * The head of a packet is 49 bytes that have to agree with each other; fuzzed
 * bytes seldom do. So heads are made, and the bytes are what is in the packet.
 */
#include <string.h>

#include "traces.h"

struct head {
	uint64_t begin, end, content, size, seq;
	uint8_t *p;
	bool big;
};

static void put(struct head *h, unsigned int bytes, uint64_t v)
{
	unsigned int i;

	for (i = 0; i < bytes; i++)
		h->p[i] = (uint8_t)(v >> 8 * (h->big ? bytes - 1 - i : i));
	h->p += bytes;
}

static void put_head(struct head *h, uint8_t id)
{
	put(h, 1, id);
	put(h, 8, h->begin);
	put(h, 8, h->end);
	put(h, 8, h->content);
	put(h, 8, h->size);
	put(h, 8, h->seq);
	put(h, 4, h->seq * 3);
	put(h, 4, 1);
}

/*
 * Three bytes describe a packet: flags (low three bits: how many bits the
 * content ends before the last byte; two bits of padding; no end; content or
 * size that lie), bytes of events, and how far time goes.
 */
size_t pack_stream(const struct kind *k, const uint8_t *data, size_t size,
		   uint8_t *out, size_t room)
{
	static const uint8_t pads[4] = { 0, 1, 8, 64 };
	struct head h = { .big = k->big };
	size_t at = 0;

	if (k->bare) {
		out[0] = k->id;
		memcpy(out + 1, data, size);
		return size + 1;
	}
	while (size >= 3) {
		uint8_t how = data[0], len = data[1], gap = data[2];
		size_t n = len < size - 3 ? len : size - 3;
		uint8_t pad = pads[how >> 3 & 3];

		if (at + HEAD_BYTES + n + pad > room)
			break;
		h.p = out + at;
		h.begin = h.end + gap;
		h.end = h.begin + ((uint64_t)gap << 20);
		h.content = (HEAD_BYTES + n) * 8 - (n ? how & 7 : 0);
		h.size = (HEAD_BYTES + n + pad) * 8;
		if (how & 64)
			h.content += 256 - 2 * (uint64_t)gap;
		if (how & 128)
			h.size += 8 * (uint64_t)gap;
		h.seq++;
		if (how & 32)
			h.end = 0;
		put_head(&h, k->id);
		h.end = h.begin + ((uint64_t)gap << 20);
		memcpy(h.p, data + 3, n);
		memset(h.p + n, 0, pad);
		at += HEAD_BYTES + n + pad;
		data += 3 + n;
		size -= 3 + n;
	}
	return at;
}
