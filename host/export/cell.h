/* SPDX-License-Identifier: MIT */
/* Values of rows: numbers, texts, and what there is none of. */
#ifndef VMSYNC_EXPORT_CELL_H
#define VMSYNC_EXPORT_CELL_H

#include "export/rows.h"

static inline struct export_value cell_number(int64_t n)
{
	return (struct export_value){ .number = n };
}

/* It has to live as long as the row. */
static inline struct export_value cell_text(const char *s)
{
	return (struct export_value){ .text = s };
}

static inline struct export_value cell_none(void)
{
	return (struct export_value){ .none = true };
}

static inline struct export_value cell_number_if(bool is, int64_t n)
{
	return is ? cell_number(n) : cell_none();
}

#endif /* VMSYNC_EXPORT_CELL_H */
