/* SPDX-License-Identifier: MIT */
/* Which pages of this machine are free, as include/uapi/vmsync_pages.h has it. */
#ifndef VMSYNC_AGENT_PAGES_H
#define VMSYNC_AGENT_PAGES_H

#include <stddef.h>

/**
 * agent_pages_look() - one look, into a file
 * @path:	of the file, which is written anew
 * @said:	where it fails, why, in one line of at most @size bytes
 * Return: 0, or -1 with nothing of use in the file.
 */
int agent_pages_look(const char *path, char *said, size_t size);

#endif /* VMSYNC_AGENT_PAGES_H */
