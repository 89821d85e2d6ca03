/* SPDX-License-Identifier: MIT */
/*
 * UTF-8, or not: names of files and texts of traces are any bytes.
 */
#ifndef VMSYNC_BASE_UTF8_H
#define VMSYNC_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/**
 * utf8_char() - the character at the beginning of a text
 * @s:		not empty, NUL-terminated
 * @code:	filled in with its number
 *
 * Return: its bytes, 1 to 4; 0 where there is none: too long a form, half of a
 * pair (surrogate), above U+10FFFF, cut off.
 */
static inline size_t utf8_char(const char *s, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char c = (unsigned char)*s;
	size_t n = c < 0x80 ? 1 : c >> 5 == 6 ? 2 : c >> 4 == 14 ? 3 :
		   c >> 3 == 30 ? 4 : 0;
	size_t i;

	if (n < 2) {
		*code = c;
		return n;
	}
	*code = c & (0x7fu >> n);
	for (i = 1; i < n; i++) {
		c = (unsigned char)s[i];
		if (c >> 6 != 2)
			return 0;
		*code = *code << 6 | (c & 0x3f);
	}
	if (*code < least[n] || *code > 0x10ffff || *code >> 11 == 0xd800 >> 11)
		return 0;
	return n;
}

/**
 * utf8_is_control() - a character that a terminal, or a browser, acts upon
 *
 * Also those that turn the direction of what follows, and end a line or a
 * paragraph: with them a name may show as another one, or as text around it.
 */
static inline int utf8_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

#endif /* VMSYNC_BASE_UTF8_H */
