/* SPDX-License-Identifier: MIT */
/*
 * Two sessions of one machine that recorded at the same time, as a flight recorder does
 * beside another one: what both recorded is there twice, and which event of the one is
 * one of the other nothing tells for certain. Times are not longer for it, but what is
 * counted is twice as much.
 */
#ifndef VMSYNC_FUSE_TWICE_H
#define VMSYNC_FUSE_TWICE_H

#include "fuse/machine.h"

/**
 * vmsync_twice_note() - the first two traces of @m of which it is so
 * @text:	what it means, and what to do; "" where there are none
 */
void vmsync_twice_note(const struct vmsync_machine *m, char *text, size_t size);

#endif /* VMSYNC_FUSE_TWICE_H */
