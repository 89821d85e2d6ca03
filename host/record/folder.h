/* SPDX-License-Identifier: MIT */
/* What the folder of a guest's trace is called. */
#ifndef VMSYNC_RECORD_FOLDER_H
#define VMSYNC_RECORD_FOLDER_H

#include "record/guest.h"

/**
 * record_guest_folder() - where its trace goes: @output/guests, then its name made into
 * what a file may be called anywhere, with a number behind it where that is taken
 * @is_taken:	has another guest this folder?
 */
void record_guest_folder(struct record_guest *g, const char *output,
			 bool (*is_taken)(const void *ctx, const char *folder),
			 const void *ctx);

#endif /* VMSYNC_RECORD_FOLDER_H */
