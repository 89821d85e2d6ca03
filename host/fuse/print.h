/* SPDX-License-Identifier: MIT */
/* Numbers and remarks as the text reports print them. */
#ifndef VMSYNC_FUSE_PRINT_H
#define VMSYNC_FUSE_PRINT_H

#include <stdint.h>
#include <stdio.h>

#include "fuse/machine.h"

/* Traces of a machine that are listed one by one; more are summed up. */
#define PRINT_TRACES 4

/**
 * print_clean - a text that may be anything, in characters that do no harm
 *
 * Control characters, and bytes that are no character of UTF-8, are \\xHH.
 */
void print_clean(FILE *f, const char *s);

/**
 * print_paragraph - words, broken at blanks where a line would be too long
 * @text:	is clean; blanks at its begin are kept
 * @indent:	of all lines but the first
 */
void print_paragraph(FILE *f, const char *text, int columns, int indent);

/**
 * print_cut - the same, as much of it as goes into @columns
 *
 * It ends behind a whole character, or a whole \xHH.
 * Return: columns that it takes.
 */
int print_cut(FILE *f, const char *s, int columns);

/** print_seconds - "-12.345678901 s": with all digits */
void print_seconds(FILE *f, int64_t ns);

/** print_ms - "12.345678 ms": with all digits */
void print_ms(FILE *f, int64_t ns);

/** print_ns - "1 ns", or "12.3 us" where there are many: rounded up, for bounds */
void print_ns(FILE *f, int64_t ns);

/** print_whole_ns - a bound as "12345 ns", or "no bound" */
void print_whole_ns(FILE *f, int64_t ns);

/** print_json_bound - a bound as a member of an object, with a comma first; null: none */
void print_json_bound(FILE *f, const char *key, int64_t ns);

/** print_note - a remark under @label, broken at blanks to lines of 80 columns */
void print_note(FILE *f, const char *label, const char *text);

/** print_traces - a line for each trace, or one for the many chunks of a session */
void print_traces(FILE *f, const struct vmsync_machine *m);

#endif /* VMSYNC_FUSE_PRINT_H */
