/* SPDX-License-Identifier: MIT */
/* vmsync freeze --status, for people. */
#ifndef VMSYNC_CMD_FREEZE_STATUS_H
#define VMSYNC_CMD_FREEZE_STATUS_H

/** cmd_freeze_status_print() - what the recorder said of itself, an object of JSON */
void cmd_freeze_status_print(const char *s);

#endif /* VMSYNC_CMD_FREEZE_STATUS_H */
