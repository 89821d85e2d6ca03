/* SPDX-License-Identifier: GPL-2.0-only */
/* What vmsync-clock.ko offers to LTTng's clock plugin. */
#ifndef _VMSYNC_GUEST_CLOCK_H
#define _VMSYNC_GUEST_CLOCK_H

#include <linux/types.h>

/**
 * vmsync_clock_now() - the host's clock, ns
 *
 * Any context, NMI included; takes no lock. On one CPU it never goes back, not even
 * where the hypervisor sets the TSC back: it stands still until that is made good.
 */
u64 vmsync_clock_now(void);

/* What it is, for the metadata of a trace. */
const char *vmsync_clock_description(void);

#endif /* _VMSYNC_GUEST_CLOCK_H */
