/* SPDX-License-Identifier: MIT */
/* The files of traces below a folder that a tracer writes to, and chunks of it. */
#ifndef VMSYNC_LIVE_TREE_H
#define VMSYNC_LIVE_TREE_H

#include "ctf/ctf.h"

/**
 * struct live_tree - who is told of files
 * @take:	of each file of a trace: the trace's folder below the one that is looked
 *		at, "" for that itself, and the file's name, "metadata" included; 0 or a
 *		negative errno
 */
struct live_tree {
	int (*take)(void *ctx, const char *trace, const char *name,
		    struct ctf_error *e);
	void *ctx;
};

/**
 * live_tree_walk() - all files of traces at and below a folder
 *
 * Links are not followed. What is gone by the time it is looked at is passed over.
 * Chunks of a rotated session, and LTTng's index files, are not looked at. Return: 0
 * or a negative errno.
 */
int live_tree_walk(const char *folder, const struct live_tree *to,
		   struct ctf_error *e);

/**
 * live_tree_chunk() - the chunk of a rotated session that has the least number of
 * those that are @from at least
 * @session:	the session's folder; its chunks are in "archives" there
 * @number:	of the chunk
 * @out:	its folder, to be freed
 * Return: 1, 0 where there is none, or a negative errno.
 */
int live_tree_chunk(const char *session, uint64_t from, uint64_t *number,
		    char **out, struct ctf_error *e);

/** live_tree_is_written() - a session's folder has more in it than its chunks */
bool live_tree_is_written(const char *session);

#endif /* VMSYNC_LIVE_TREE_H */
