/* SPDX-License-Identifier: MIT */
/* Text of so many columns and rows: VMs, who had their CPUs, exits. */
#ifndef VMSYNC_TOP_PAGE_H
#define VMSYNC_TOP_PAGE_H

#include <stdio.h>

#include "top/rates.h"

/**
 * struct top_view - how it is shown
 * @columns:	at least TOP_COLUMNS
 * @rows:	at most; 0: any number
 * @note:	a line to be told instead of the second one, or NULL
 */
struct top_view {
	int columns;
	int rows;
	enum top_sort sort;
	int64_t interval_ns;
	const char *note;
};

#define TOP_COLUMNS 76
#define TOP_ROWS    14

/** top_page_write() - each line ends in a newline, and in nothing else */
void top_page_write(FILE *f, const struct top_view *v, const struct top_rates *r,
		    const struct top_snapshot *now);

/** top_page_keys() - what may be typed */
void top_page_keys(FILE *f);

#endif /* VMSYNC_TOP_PAGE_H */
