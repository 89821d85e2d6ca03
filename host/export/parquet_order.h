/* SPDX-License-Identifier: MIT */
/*
 * Rows of a group in the order in which they take the least room: rows whose words are all the
 * same lie together, in the order in which they came, so that of words there are only runs, and
 * times still grow from row to row.
 */
#ifndef VMSYNC_EXPORT_PARQUET_ORDER_H
#define VMSYNC_EXPORT_PARQUET_ORDER_H

#include "export/parquet_column.h"

/**
 * parquet_order() - bring the rows into that order
 * @c:	[@n] columns of as many rows each; those whose words come first count most
 * Return: 0 or -ENOMEM; then they are as they were.
 */
int parquet_order(struct parquet_column *c, int n);

#endif /* VMSYNC_EXPORT_PARQUET_ORDER_H */
