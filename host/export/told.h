/* SPDX-License-Identifier: MIT */
/*
 * Sections of the page about what services and QEMUs told: a live migration with all
 * that belongs to it on one axis of time, and the tables of vmsync layers.
 */
#ifndef VMSYNC_EXPORT_TOLD_H
#define VMSYNC_EXPORT_TOLD_H

#include <stdio.h>

#include "analysis/layers/report.h"
#include "join/join.h"

/**
 * struct page_told - what was told
 * @layers:	at its end; NULL: of no service
 * @joins:	[@n] migrations
 * @notes:	[@n_notes] lines that must not be overlooked
 */
struct page_told {
	const struct layers_report *layers;
	const struct join *joins;
	size_t n;
	char (*notes)[400];
	size_t n_notes;
};

/** page_told_migrations(), page_told_tables() - as parts of a page */
void page_told_migrations(FILE *f, const struct page_told *t);
void page_told_tables(FILE *f, const struct page_told *t);

/** page_told_links() - to these, for the list of a page's parts */
void page_told_links(FILE *f, const struct page_told *t);

/**
 * page_told_write() - as a page of its own
 * @path:	NULL: stdout
 * Return: 0 or a negative errno.
 */
int page_told_write(const char *path, const struct page_told *t);

#endif /* VMSYNC_EXPORT_TOLD_H */
