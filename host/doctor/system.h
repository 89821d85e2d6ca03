/* SPDX-License-Identifier: MIT */
/* Small questions to a system's files, below the root where it is mounted. */
#ifndef VMSYNC_DOCTOR_SYSTEM_H
#define VMSYNC_DOCTOR_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "doctor/doctor.h"

/** system_has() - is there such a file? */
bool system_has(const struct doctor *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * system_read() - the first bytes of a file, NUL-terminated
 * Return: how many, or -1 where it cannot be read.
 */
ssize_t system_read(const struct doctor *d, char *text, size_t size,
		    const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/** system_word() - does a file hold @word, between blanks or brackets? */
bool system_word(const struct doctor *d, const char *path, const char *word);

/** system_module_loaded() - is module @name loaded? "-" or "_", as in file names */
bool system_module_loaded(const struct doctor *d, const char *name);

/** system_module_built() - is there a file of it for the kernel that runs? */
bool system_module_built(const struct doctor *d, const char *name);

/** system_command() - is there such a program in the usual places? */
bool system_command(const struct doctor *d, const char *name);

#endif /* VMSYNC_DOCTOR_SYSTEM_H */
