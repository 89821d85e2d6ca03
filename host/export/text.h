/* SPDX-License-Identifier: MIT */
/*
 * Events as text: the same characters that babeltrace2's text sink prints with
 * its default options, so that scripts made for one work with the other.
 */
#ifndef VMSYNC_EXPORT_TEXT_H
#define VMSYNC_EXPORT_TEXT_H

#include "ctf/ctf.h"

struct vmsync_text;

/**
 * vmsync_text_new() - a printer
 * @fd:		where to write
 * @jobs:	threads, with the caller's; 0: one per processor
 *
 * Return: NULL if out of memory.
 */
struct vmsync_text *vmsync_text_new(int fd, unsigned int jobs);

/** vmsync_text_free() - NULL is fine; does not flush */
void vmsync_text_free(struct vmsync_text *t);

/**
 * vmsync_text_event() - print one event, in one line
 *
 * Takes ctf_event.time as ns since the epoch; the local time zone applies.
 * Nothing of the event is needed any more when it returns, but its class is.
 * Return: 0, or a negative errno (-EIO: what came before cannot be written).
 */
int vmsync_text_event(struct vmsync_text *t, const struct ctf_event *ev);

/** vmsync_text_flush() - write what is buffered; 0 or -EIO */
int vmsync_text_flush(struct vmsync_text *t);

#endif /* VMSYNC_EXPORT_TEXT_H */
