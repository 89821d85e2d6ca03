/* SPDX-License-Identifier: MIT */
/*
 * The number of a recording: made of what tells it apart (FNV-1a), so that it is the
 * same each time.
 */
#ifndef VMSYNC_EXPORT_RECORDING_H
#define VMSYNC_EXPORT_RECORDING_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define RECORDING_NEW 0xcbf29ce484222325

static inline uint64_t recording_bytes(uint64_t h, const void *s, size_t n)
{
	const unsigned char *p = s;

	while (n--)
		h = (h ^ *p++) * 0x100000001b3;
	return h;
}

static inline uint64_t recording_text(uint64_t h, const char *s)
{
	return recording_bytes(h, s, strlen(s) + 1);
}

static inline uint64_t recording_ns(uint64_t h, int64_t ns)
{
	uint64_t n = htole64((uint64_t)ns);

	return recording_bytes(h, &n, sizeof(n));
}

/** recording_number() - when all was told */
static inline uint64_t recording_number(uint64_t h)
{
	return h ^ h >> 32;
}

#endif /* VMSYNC_EXPORT_RECORDING_H */
