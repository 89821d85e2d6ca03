/* SPDX-License-Identifier: MIT */
/* Events that are merged by another thread while those before them are used. */
#ifndef CTF_ROWS_H
#define CTF_ROWS_H

#include "ctf/merge.h"

struct rows;

/* NULL is fine. */
void rows_free(struct rows *r);
/* Instead of input_end(): events of @in may still be given out. */
void rows_retire(struct rows *r, struct input *in);

#endif /* CTF_ROWS_H */
