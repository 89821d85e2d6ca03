/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a string of JSON, which is UTF-8. What a program that reads it gets
 * is the text, but for two things: a byte that is no part of a character of
 * UTF-8 is \xHH, two hexadecimal digits, and a backslash is two. So no two texts
 * are the same string.
 */
#ifndef VMSYNC_BASE_JSON_STRING_H
#define VMSYNC_BASE_JSON_STRING_H

#include <stdio.h>

/** vmsync_json_string - write @s with its quotes; NULL is "" */
void vmsync_json_string(FILE *f, const char *s);

/** vmsync_json_unescape - from what a program gets back to the bytes, in place */
void vmsync_json_unescape(char *s);

#endif /* VMSYNC_BASE_JSON_STRING_H */
