/* SPDX-License-Identifier: MIT */
/*
 * The folder in which a flight recorder keeps its freezes: freeze-1, freeze-2, ... Those
 * of earlier runs count as its own do.
 */
#ifndef VMSYNC_FREEZE_FOLDER_H
#define VMSYNC_FREEZE_FOLDER_H

#include <stdio.h>

#include "ctf/ctf.h"
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

/**
 * freeze_folder_save() - a file @name in @dir, which is there once it is whole
 * @put:	writes it
 * Return: 0 or a negative errno and @e.
 */
int freeze_folder_save(const char *dir, const char *name,
		       void (*put)(FILE *f, const void *what), const void *what,
		       struct ctf_error *e);

#endif /* VMSYNC_FREEZE_FOLDER_H */
