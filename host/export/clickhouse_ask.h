/* SPDX-License-Identifier: MIT */
/*
 * What ClickHouse is asked by HTTP: for a number, and to take rows. See
 * https://clickhouse.com/docs/interfaces/http
 */
#ifndef VMSYNC_EXPORT_CLICKHOUSE_ASK_H
#define VMSYNC_EXPORT_CLICKHOUSE_ASK_H

#include <stdint.h>

#include "export/http.h"
#include "export/out.h"

/**
 * struct clickhouse - a server
 * @url:	its @name is the database
 * @password:	of its @user, NULL: there is none
 * @head:	what is sent is made here
 */
struct clickhouse {
	struct http_url url;
	const char *password;
	struct out head;
};

/** clickhouse_url_parse() - as http_url_parse(), with the usual port */
const char *clickhouse_url_parse(const char *text, struct http_url *url);

/**
 * clickhouse_count() - ask for one number
 * @sql:	a query whose answer is that
 * @why:	where it fails, in words
 * Return: 0 or a negative errno.
 */
int clickhouse_count(struct clickhouse *c, const char *sql, uint64_t *n,
		     char why[HTTP_WHY]);

/**
 * clickhouse_insert() - put rows into a table
 * @sql:	INSERT ... FORMAT RowBinary
 * @id:		of this insertion: while it goes on the server refuses another
 *one of this name
 * @rows:	all of them are taken, or none
 * Return: 0 or a negative errno.
 */
int clickhouse_insert(struct clickhouse *c, const char *sql, const char *id,
		      const struct out *rows, char why[HTTP_WHY]);

#endif /* VMSYNC_EXPORT_CLICKHOUSE_ASK_H */
