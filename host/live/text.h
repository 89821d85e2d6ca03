/* SPDX-License-Identifier: MIT */
/*
 * Metadata that grows. LTTng writes it in packets, and in others where a chunk has it
 * again: what stays the same is the text.
 */
#ifndef VMSYNC_LIVE_TEXT_H
#define VMSYNC_LIVE_TEXT_H

#include "ctf/ctf.h"

/**
 * struct live_text - of one trace; all 0: nothing of it was read
 * @file:	bytes of the file when it was read
 * @told:	bytes of the text that were taken
 * @hash:	of these
 */
struct live_text {
	uint64_t file;
	uint64_t told;
	uint64_t hash;
};

/**
 * live_text_read() - what came since
 * @path:	the file; that it is not there is no error
 * @take:	takes it, in parts of at most LIVE_PART
 * Return: 1: something; 0: nothing; -ESTALE: it is another text than it was; or another
 * negative errno.
 */
int live_text_read(struct live_text *t, const char *path,
		   int (*take)(void *ctx, const uint8_t *bytes, size_t n,
			       struct ctf_error *e),
		   void *ctx, struct ctf_error *e);

#endif /* VMSYNC_LIVE_TEXT_H */
