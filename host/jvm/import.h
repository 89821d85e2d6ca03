/* SPDX-License-Identifier: MIT */
/* The log of a Java virtual machine as a trace: each line is an event, jvm:log. */
#ifndef VMSYNC_JVM_IMPORT_H
#define VMSYNC_JVM_IMPORT_H

#include "jvm/log.h"

/** struct jvm_import - what was found: lines, and others */
struct jvm_import {
	uint64_t lines;
	uint64_t others;
};

/**
 * jvm_import() - write a trace
 * @path:	the log
 * @clock:	traces of the machine, whose CLOCK_MONOTONIC it is; NULL: none
 * @folder:	empty
 * Return: 0 or a negative errno.
 */
int jvm_import(const char *path, const char *clock, const char *folder,
	       struct jvm_import *out, struct ctf_error *e);

#endif /* VMSYNC_JVM_IMPORT_H */
