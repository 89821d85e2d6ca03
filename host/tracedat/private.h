/* SPDX-License-Identifier: MIT */
/*
 * What libtracecmd exports but does not declare for its users. Without them stamps
 * could be had only as trace-cmd report shows them: with the offsets applied that
 * trace-cmd found between host and guest, and nothing would tell their clock.
 */
#ifndef VMSYNC_TRACEDAT_PRIVATE_H
#define VMSYNC_TRACEDAT_PRIVATE_H

struct tracecmd_input;

#define DAT_FLAG_RAW (1 << 3) /* stamps as the ring buffer has them */

struct tracecmd_input *tracecmd_alloc(const char *file, int flags);
int tracecmd_read_headers(struct tracecmd_input *handle, int state);
void tracecmd_set_flag(struct tracecmd_input *handle, int flag);
int tracecmd_cpus(struct tracecmd_input *handle);
const char *tracecmd_get_uname(struct tracecmd_input *handle);
const char *tracecmd_get_trace_clock(struct tracecmd_input *handle);
const char *tracecmd_get_cpustats(struct tracecmd_input *handle);

#endif /* VMSYNC_TRACEDAT_PRIVATE_H */
