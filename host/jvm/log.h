/* SPDX-License-Identifier: MIT */
/*
 * The unified log of a Java virtual machine (-Xlog), with the decorations timenanos,
 * pid, tid and tags, in that order: "[2022150182977ns][27191][27192][gc] Using G1".
 */
#ifndef VMSYNC_JVM_LOG_H
#define VMSYNC_JVM_LOG_H

#include <stdint.h>

#include "ctf/ctf.h"
#include "sync/base/array.h"

#define JVM_TEXT 4096 /* bytes of a line's text; what is more is cut */

/**
 * struct jvm_line - a line
 * @ns:		CLOCK_MONOTONIC
 * @tags, @text: where they are in the file
 */
struct jvm_line {
	int64_t ns;
	int32_t pid;
	int32_t tid;
	uint32_t tags_len;
	uint32_t text_len;
	uint64_t tags;
	uint64_t text;
};

/**
 * struct jvm_log - all 0 is empty
 * @file:	its bytes
 * @lines:	in the order of time; those of equal time, of the file
 * @others:	lines that are not decorated so
 */
struct jvm_log {
	char *file;
	uint64_t size;
	VMSYNC_ARRAY(struct jvm_line) lines;
	uint64_t others;
};

/** jvm_log_read() - 0 or a negative errno; jvm_log_free() either way */
int jvm_log_read(const char *path, struct jvm_log *log, struct ctf_error *e);

void jvm_log_free(struct jvm_log *log);

#endif /* VMSYNC_JVM_LOG_H */
