/* SPDX-License-Identifier: MIT */
/*
 * Libraries that are loaded when they are first used. They bring others with them,
 * for TLS or XML, whose loading would take longer than what most commands do.
 *
 *	#define FUNCTIONS(F) F(foo_new) F(foo_free)
 *	static struct { FUNCTIONS(LIBRARY_POINTER) } lib;
 *	static const char *const names[] = { FUNCTIONS(LIBRARY_NAME) NULL };
 */
#ifndef VMSYNC_FREEZE_LIBRARY_H
#define VMSYNC_FREEZE_LIBRARY_H

#include "ctf/ctf.h"

#define LIBRARY_POINTER(f) __typeof__(f) *f;
#define LIBRARY_NAME(f)	   #f,

/**
 * library_load() - for the rest of the process
 * @soname:	of the library
 * @names:	of functions, or variables, that it has, and NULL
 * @functions:	pointers to these, in the same order, filled in
 * @e:		why it failed
 * Return: 0 or a negative errno.
 */
int library_load(const char *soname, const char *const *names, void *functions,
		 struct ctf_error *e);

#endif /* VMSYNC_FREEZE_LIBRARY_H */
