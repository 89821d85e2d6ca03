// SPDX-License-Identifier: MIT
/* Goes behind the fields of an event whose fields lie on whole bytes. */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "ctf/bits.h"

#ifdef __SSE2__
size_t string_size(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *s = p;

	for (; end - p >= 16; p += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)p);
		unsigned int m = (unsigned int)_mm_movemask_epi8(
			_mm_cmpeq_epi8(v, _mm_setzero_si128()));

		if (m)
			return (size_t)(p - s) + (size_t)__builtin_ctz(m) + 1;
	}
	for (; p < end; p++)
		if (!*p)
			return (size_t)(p - s) + 1;
	return 0;
}
#else
size_t string_size(const uint8_t *p, const uint8_t *end)
{
	const uint8_t *z = p < end ? memchr(p, 0, (size_t)(end - p)) : NULL;

	return z ? (size_t)(z - p) + 1 : 0;
}
#endif

static uint64_t load_any(const struct skip *s, const uint8_t *p)
{
	uint64_t v = bits_read(p, 0, s->size * 8u, s->big_endian);

	return s->is_signed ? sign_extend(v, s->size * 8u) : v;
}

static const struct option *choose(const struct skip *s, uint64_t tag)
{
	const struct option *c = s->options;
	unsigned int i;

	for (i = 0; i < s->n_options; i++, c++) {
		if (s->is_signed ? (int64_t)tag >= (int64_t)c->lo &&
				   (int64_t)tag <= (int64_t)c->hi :
				   tag >= c->lo && tag <= c->hi)
			return c;
	}
	return NULL;
}

#define ROOM(need)							\
	do {								\
		if (unlikely((uint64_t)(end - p) < (need)))		\
			return NULL;					\
	} while (0)

/* What most lists are: a string, and behind it what is of one length. */
static const uint8_t *last_string(const struct skip *s, const uint8_t *p,
				  const uint8_t *end)
{
	size_t n = string_size(p, end);

	if (unlikely(!n))
		return NULL;
	p += n;
	ROOM(s->n);
	return p + s->n;
}

/*
 * @base is the packet's start, to which alignments refer, @end the end of its
 * content. Return: behind the event, or NULL where it passes @end or a tag
 * chooses nothing.
 */
static __attribute__((noinline)) const uint8_t *
skip_list(const struct skip *s, const uint8_t *base, const uint8_t *p,
	  const uint8_t *end, uint64_t *slot)
{
	const struct skip *list = s;
	const struct option *c;
	struct {
		uint64_t left;
		const uint8_t *p;
	} loops[MAX_DEPTH + 8];
	unsigned int depth = 0, empty = 0;
	uint64_t n;

	for (;; s++) {
again:
		switch (s->code) {
		case SKIP_END:
			return p;
		case SKIP_ADD:
			ROOM(s->n);
			p += s->n;
			break;
		case SKIP_ALIGN:
			n = -(uint64_t)(p - base) & (s->n - 1);
			ROOM(n);
			p += n;
			break;
		case SKIP_STR:
			n = string_size(p, end);
			if (unlikely(!n))
				return NULL;
			p += n;
			break;
		case SKIP_LOAD8:
			ROOM(s->n + 1);
			slot[s->slot] = p[s->n];
			break;
		case SKIP_LOAD16:
			ROOM(s->n + 2);
			slot[s->slot] = load16(p + s->n);
			break;
		case SKIP_LOAD32:
			ROOM(s->n + 4);
			slot[s->slot] = load32(p + s->n);
			break;
		case SKIP_LOAD64:
			ROOM(s->n + 8);
			slot[s->slot] = load64(p + s->n);
			break;
		case SKIP_LOADX:
			ROOM(s->n + s->size);
			slot[s->slot] = load_any(s, p + s->n);
			break;
		case SKIP_MUL:
			n = slot[s->slot];
			if (unlikely(n > MAX_BITS))
				return NULL;
			n *= s->n;
			ROOM(n);
			p += n;
			break;
		case SKIP_SEQ32:
			ROOM(s->n + 4);
			n = load32(p + s->n);
			p += s->n + 4;
			ROOM(n);
			return p + n;
		case SKIP_LAST_STR:
			return last_string(s, p, end);
		case SKIP_LOOP:
			n = s->slot < 0 ? s->n : slot[s->slot];
			if (!n) {
				s = list + s->jump;
				goto again;
			}
			loops[depth].left = n;
			loops[depth++].p = p;
			break;
		case SKIP_NEXT:
			if (p == loops[depth - 1].p && ++empty > MAX_EMPTY)
				return NULL;
			loops[depth - 1].p = p;
			if (--loops[depth - 1].left) {
				s = list + s->jump;
				goto again;
			}
			depth--;
			break;
		case SKIP_SWITCH:
			c = choose(s, slot[s->slot]);
			if (unlikely(!c))
				return NULL;
			s = list + c->jump;
			goto again;
		case SKIP_JUMP:
			s = list + s->jump;
			goto again;
		}
	}
}

const uint8_t *skip_run(const struct skip *s, const uint8_t *base,
			const uint8_t *p, const uint8_t *end, uint64_t *slot)
{
	return s->code == SKIP_LAST_STR ? last_string(s, p, end) :
					  skip_list(s, base, p, end, slot);
}
