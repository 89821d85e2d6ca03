/* SPDX-License-Identifier: MIT */
/*
 * A terminal: pages that replace each other, and keys. Plain ANSI sequences, that every
 * terminal of today knows; what was there before is there again afterwards.
 */
#ifndef VMSYNC_TOP_SCREEN_H
#define VMSYNC_TOP_SCREEN_H

#include <stddef.h>
#include <termios.h>

#include "ctf/ctf.h"

/** struct top_screen - of standard input and output; all of it is the screen's own */
struct top_screen {
	struct termios was;
	int signals;
};

/* What is no key. */
enum { TOP_NO_KEY = 0, TOP_END = -1, TOP_AGAIN = -2 };

/** top_screen_is() - input and output are a terminal */
bool top_screen_is(void);

/** top_screen_open() - 0 or a negative errno; until top_screen_close() it is ours */
int top_screen_open(struct top_screen *s, struct ctf_error *e);
void top_screen_close(struct top_screen *s);

/** top_screen_size() - in characters */
void top_screen_size(int *columns, int *rows);

/** top_screen_show() - lines, the first one at the top; 0 or a negative errno */
int top_screen_show(const char *text, size_t n);

/**
 * top_screen_wait() - for a key, at most so long
 * Return: it; TOP_NO_KEY; TOP_END: to end was asked for, or the terminal is gone;
 * TOP_AGAIN: what is shown has to be shown anew.
 */
int top_screen_wait(struct top_screen *s, int ms);

#endif /* VMSYNC_TOP_SCREEN_H */
