/* SPDX-License-Identifier: MIT */
/*
 * Recordings of another tracer. trace-cmd's trace.dat is a file, not a folder: it
 * is written as CTF into a scratch folder, which is then read like any other
 * trace and goes when the trace is closed.
 */
#ifndef CTF_FOREIGN_H
#define CTF_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>

struct ctf_error;

/** file_head() - read how a regular file begins; how many bytes, 0 if it cannot be */
size_t file_head(const char *path, void *head, size_t n);

/** foreign_is() - whether @path is a file that begins as trace.dat does */
bool foreign_is(const char *path);

/**
 * foreign_take() - write what @path holds as CTF
 * @folder:	the folder that was made for it, to be removed with scratch_drop()
 * Return: 0 or a negative errno.
 */
int foreign_take(const char *path, char **folder, struct ctf_error *e);

/** scratch_make() - a new empty folder, to be freed with scratch_drop() */
int scratch_make(char **folder, struct ctf_error *e);

/** scratch_drop() - remove a folder of scratch_make() with all its files; free */
void scratch_drop(char *folder);

#endif /* CTF_FOREIGN_H */
