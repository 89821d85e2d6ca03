/* SPDX-License-Identifier: MIT */
/*
 * What trace-cmd recorded, trace.dat, as CTF: the kernel's events of every CPU in a
 * stream of its own, by the names that LTTng gives them, so that everything behind
 * it need not know who recorded. libtracecmd reads the file and libtraceevent its
 * formats, in a process of their own: what they stumble over stops only that.
 */
#ifndef VMSYNC_TRACEDAT_H
#define VMSYNC_TRACEDAT_H

#include "ctf/ctf.h"

/**
 * tracedat_convert() - write what a trace.dat holds as CTF
 * @path:	the file
 * @folder:	an empty folder
 * Return: 0 or a negative errno, with @e filled in.
 */
int tracedat_convert(const char *path, const char *folder, struct ctf_error *e);

/* What the other files of this folder have for it. */

struct tracecmd_input;

/** tracedat_write() - the same in this process, whatever the file does to it */
int tracedat_write(const char *path, const char *folder, struct ctf_error *e);

/** tracedat_fail() - fill in an error; @remedy may be "". Return: @code */
int tracedat_fail(struct ctf_error *e, int code, const char *remedy,
		  const char *format, ...)
	__attribute__((format(printf, 4, 5)));

#endif /* VMSYNC_TRACEDAT_H */
