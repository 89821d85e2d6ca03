/* SPDX-License-Identifier: MIT */
/*
 * The folder in which a flight recorder keeps its freezes: freeze-1, freeze-2, ... Those
 * of earlier runs count as its own do.
 */
#ifndef VMSYNC_FREEZE_FOLDER_H
#define VMSYNC_FREEZE_FOLDER_H

#include "freeze/budget.h"

/** freeze_folder_bytes() - of all files below @path */
uint64_t freeze_folder_bytes(const char *path);

/** freeze_folder_free() - bytes that its disk has left */
uint64_t freeze_folder_free(const char *path);

/**
 * freeze_folder_earlier() - the freezes that are there
 * @b:		told of those within the last hour, as their folders' times say
 * Return: the number of the last one, 0: there is none.
 */
uint64_t freeze_folder_earlier(const char *path, struct freeze_budget *b,
			       uint64_t now_ns);

#endif /* VMSYNC_FREEZE_FOLDER_H */
