/* SPDX-License-Identifier: MIT */
/* Runs programs, and remembers how they ended. */
#ifndef TESTS_PROPERTY_RUN_H
#define TESTS_PROPERTY_RUN_H

/**
 * run() - run @argv, up to NULL, with stdout and stderr in files
 * @out, @err:	paths
 * Return: its exit status, or 128 and the signal's number.
 */
int run(char *const *argv, const char *out, const char *err);

#endif /* TESTS_PROPERTY_RUN_H */
