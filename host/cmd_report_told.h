/* SPDX-License-Identifier: MIT */
/* What vmsync report tells of services and QEMUs, beside its analysis of a host. */
#ifndef VMSYNC_CMD_REPORT_TOLD_H
#define VMSYNC_CMD_REPORT_TOLD_H

#include "analysis/layers/report.h"
#include "cmd_told.h"
#include "export/told.h"
#include "migration/migration.h"

/**
 * struct cmd_report_told - all 0 is none
 * @page:	what the page has of it
 * @all:	operations, too, of which a page has sums only
 * @operations:	those
 * @agree_ns:	of struct migrations
 * @has_host:	there is one host whose trace is to be analysed
 */
struct cmd_report_told {
	struct cmd_told told;
	struct layers_report layers;
	struct migrations migrations;
	struct page_told page;
	bool all;
	struct join_operations operations;
	uint64_t agree_ns;
	bool has_host;
};

/**
 * cmd_report_told_read() - read traces
 * @paths:	[@n]
 * Return: 0 or a negative errno; cmd_report_told_free() either way.
 */
int cmd_report_told_read(struct cmd_report_told *r, char *const *paths, size_t n,
			 unsigned int jobs, struct ctf_error *e);

/** cmd_report_told_any() - was anything told? */
bool cmd_report_told_any(const struct cmd_report_told *r);

void cmd_report_told_free(struct cmd_report_told *r);

#endif /* VMSYNC_CMD_REPORT_TOLD_H */
