/* SPDX-License-Identifier: MIT */
/* Folders of traces. */
#ifndef TESTS_PROPERTY_FILES_H
#define TESTS_PROPERTY_FILES_H

/** files_remove() - @path and all that is below it; 0, or -1 and errno */
int files_remove(const char *path);

/**
 * files_link() - replace stream files below @path by symbolic links
 * @kept:	where they go, a folder that is made
 * Return: 0, or -1 and errno.
 */
int files_link(const char *path, const char *kept);

#endif /* TESTS_PROPERTY_FILES_H */
