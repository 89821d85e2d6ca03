/* SPDX-License-Identifier: MIT */
/*
 * Rows of one recording on their way into tables of ClickHouse, a chunk at a
 * time. Nothing is put there twice: each row has the recording and the chunk
 * that it came with, a chunk is in its table as a whole or not at all, and
 * before it is sent the server is asked for it.
 */
#ifndef VMSYNC_EXPORT_CLICKHOUSE_LOAD_H
#define VMSYNC_EXPORT_CLICKHOUSE_LOAD_H

#include "export/clickhouse_ask.h"
#include "export/origin.h"

struct clickhouse_load;

/**
 * struct clickhouse_recording - what is the same in all rows
 * @host:	its name, as export_text() has it
 * @origin:	of its clock
 * @from_ns:	its begin on that clock
 * @number:	no other recording of that host has it
 */
struct clickhouse_recording {
	const char *host;
	struct export_origin origin;
	int64_t from_ns;
	uint64_t number;
};

/**
 * clickhouse_load_new() - nothing is sent yet
 * @password:	of the user in @url, or NULL; must outlive it
 * Return: to be freed with clickhouse_load_free(); NULL if out of memory.
 */
struct clickhouse_load *
clickhouse_load_new(const struct http_url *url, const char *password,
		    const struct clickhouse_recording *r);

/** clickhouse_load_free() - what was not sent is dropped; NULL is fine */
void clickhouse_load_free(struct clickhouse_load *l);

/** clickhouse_load_row() - one more row; 0 or a negative errno */
int clickhouse_load_row(struct clickhouse_load *l, enum export_table t,
			const struct export_value *v);

/** clickhouse_load_end() - that were all: they are there; 0 or a negative errno
 */
int clickhouse_load_end(struct clickhouse_load *l);

/** clickhouse_load_why() - in words, after an error; "": its number says it all
 */
const char *clickhouse_load_why(const struct clickhouse_load *l);

/**
 * clickhouse_load_old() - how many chunks the server had already
 * @all:	how many there are
 */
uint32_t clickhouse_load_old(const struct clickhouse_load *l, uint32_t *all);

#endif /* VMSYNC_EXPORT_CLICKHOUSE_LOAD_H */
