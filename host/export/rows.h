/* SPDX-License-Identifier: MIT */
/*
 * What an analysis finds as rows of tables. Which tables and columns there are
 * is said once, here, so that all formats of rows tell the same.
 */
#ifndef VMSYNC_EXPORT_ROWS_H
#define VMSYNC_EXPORT_ROWS_H

#include "export/export.h"

/** enum export_table - as the rows come; those from EXPORT_EVENTS on at the
 * end */
enum export_table {
	EXPORT_STATES,
	EXPORT_CHARGES,
	EXPORT_EXITS,
	EXPORT_WAKES,
	EXPORT_EVENTS, /* only if asked for */
	EXPORT_MACHINES,
	EXPORT_VCPUS,
	EXPORT_THREADS,
	EXPORT_TABLES,	 /* no table: so many has an analysis, and all of them */
	EXPORT_REQUESTS, /* by itself: volume/volumes.h */
	EXPORT_LAYERS,	 /* of vmsync layers: layers_values.h */
	EXPORT_CHANGES,	 /* by itself: changes.h */
	EXPORT_ALL_TABLES,
};

#define EXPORT_COLUMNS 24

/**
 * struct export_columns - a table
 * @column:	[@n] names; of those in the set @texts the values are texts, and of
 *		these, those in the set @json are JSON; of those in the set @nones
 *		not all rows have a value
 */
struct export_columns {
	const char *name;
	const char *column[EXPORT_COLUMNS];
	int n;
	uint32_t texts;
	uint32_t json;
	uint32_t nones;
};

/** export_columns_of() - what a table's rows hold */
const struct export_columns *export_columns_of(enum export_table t);

/** export_table_find() - what vmsync export has by that name; EXPORT_TABLES: nothing */
enum export_table export_table_find(const char *name);

/**
 * struct export_value - a number, or @text if it is not NULL
 * @none:	neither: it is not known, or there is none
 */
struct export_value {
	int64_t number;
	const char *text;
	bool none;
};

/**
 * struct export_rows - who writes rows
 * @row:	0 or a negative errno
 * @only:	the table that is written, EXPORT_TABLES: all
 */
struct export_rows {
	int (*row)(void *ctx, enum export_table t,
		   const struct export_value *v);
	void *ctx;
	enum export_table only;
};

/** export_rows_put() - a row, if it is wanted, and there is room for it */
void export_rows_put(struct export_job *j, enum export_table t,
		     const struct export_value *v);

/** export_rows_sink() - of a job whose state begins with struct export_rows */
struct analysis_sink export_rows_sink(struct export_job *j);

/** export_rows_end() - the tables that are known at the end */
int export_rows_end(struct export_job *j);

#endif /* VMSYNC_EXPORT_ROWS_H */
