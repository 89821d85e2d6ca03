/* SPDX-License-Identifier: MIT */
/* Names of files, made of whatever somebody else calls things. */
#ifndef VMSYNC_LIVE_NAMES_H
#define VMSYNC_LIVE_NAMES_H

#include <stddef.h>

/* The longest name that is made, and its end. */
#define LIVE_FILE_NAME 201

/**
 * live_name_clean() - one name, never empty, of letters, digits and "_-+."
 * @text:	[@n] bytes
 *
 * No dot is its first character. Cut where it is too long.
 */
void live_name_clean(const char *text, size_t n, char out[LIVE_FILE_NAME]);

/**
 * live_name_path() - the same of each of the first LIVE_DEPTH parts of a path
 * Return: "ust/uid/0", to be freed, "" where there is no part, or NULL.
 */
char *live_name_path(const char *text);

#define LIVE_DEPTH 8

#endif /* VMSYNC_LIVE_NAMES_H */
