/* SPDX-License-Identifier: MIT */
/* What the two files of vmsync live share. */
#ifndef VMSYNC_CMD_LIVE_H
#define VMSYNC_CMD_LIVE_H

#include "live/url.h"

/** cmd_live_list() - print the sessions that a relay daemon has; the exit status */
int cmd_live_list(const struct live_url *url);

#endif /* VMSYNC_CMD_LIVE_H */
