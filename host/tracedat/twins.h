/* SPDX-License-Identifier: MIT */
/* What LTTng calls the kernel's events and their fields. */
#ifndef VMSYNC_TRACEDAT_TWINS_H
#define VMSYNC_TRACEDAT_TWINS_H

#define DAT_TWIN_MAX 128 /* bytes of a name, with the NUL */

/**
 * dat_twin_event() - by which name an event is known
 * @system:	the kernel's, such as "sched"
 * @name:	of the event there
 */
void dat_twin_event(const char *system, const char *name, char out[DAT_TWIN_MAX]);

/** dat_twin_field() - the same for a field of an event of @system, as an identifier */
void dat_twin_field(const char *system, const char *name, char out[DAT_TWIN_MAX]);

#endif /* VMSYNC_TRACEDAT_TWINS_H */
