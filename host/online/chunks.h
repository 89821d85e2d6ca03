/* SPDX-License-Identifier: MIT */
/*
 * What is analysed while it comes as tables of Parquet, in chunks of some time: folders that
 * appear whole, one after the other, each with what every virtual CPU did, who had its CPU
 * while it waited, and what the numbers in these two are. A state is in the chunk in which it
 * ended, and may have begun in an earlier one.
 */
#ifndef VMSYNC_ONLINE_CHUNKS_H
#define VMSYNC_ONLINE_CHUNKS_H

#include "online/online.h"

struct online_chunks;

/**
 * online_chunks_new() - in a folder
 * @path:	made if it is not there; nobody else writes chunks there meanwhile
 * @every_ns:	how long a chunk is, of the host's time, at least
 * @e:		why it failed
 * Return: to be freed with online_chunks_free(), or NULL.
 */
struct online_chunks *online_chunks_new(const char *path, int64_t every_ns,
					struct ctf_error *e);

/** online_chunks_free() - what is no whole chunk is removed. NULL is fine. */
void online_chunks_free(struct online_chunks *c);

/** online_chunks_sink() - for struct online_how; as long as @c */
const struct analysis_sink *online_chunks_sink(const struct online_chunks *c);

/** online_chunks_of() - whom rows come from, from now on; before its first tick */
void online_chunks_of(struct online_chunks *c, const struct online *o);

/**
 * online_chunks_look() - after each tick: end the chunk if it is long enough
 * @all:	however long it is
 * @e:		why it failed
 * Return: 0 or a negative errno: rows since the last whole chunk are lost, others may come.
 */
int online_chunks_look(struct online_chunks *c, bool all, struct ctf_error *e);

#endif /* VMSYNC_ONLINE_CHUNKS_H */
