/* SPDX-License-Identifier: MIT */
/*
 * What is the same in all rows of an export, and makes that rows of many hosts
 * and boots can be laid together and are right where they lie.
 */
#ifndef VMSYNC_EXPORT_ORIGIN_H
#define VMSYNC_EXPORT_ORIGIN_H

#include "export/rows.h"

/**
 * struct export_origin - which clock the times are on
 * @boot:	identity of the host's clock: LTTng takes the boot's
 * @realtime:	what is to be added for CLOCK_REALTIME, as the host's trace has
 * it
 */
struct export_origin {
	struct export_value boot;
	struct export_value realtime;
};

/* What these are called as columns. */
#define EXPORT_BOOT	"boot_id"
#define EXPORT_REALTIME "realtime_offset_ns"

/**
 * export_origin() - of a host's clock
 * @c:		NULL: it has none
 * @uuid:	as text, "": it has none; has to outlive it
 */
struct export_origin export_origin(const struct ctf_clock *c, const char *uuid);

#endif /* VMSYNC_EXPORT_ORIGIN_H */
