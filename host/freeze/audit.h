/* SPDX-License-Identifier: MIT */
/*
 * What was asked of a flight recorder: who, when, what, and what became of it, a line
 * each, "key=value" with strings as JSON has them. Refusals of one kind are one line a
 * second, with their number: who asks all the time does not fill the disk.
 */
#ifndef VMSYNC_FREEZE_AUDIT_H
#define VMSYNC_FREEZE_AUDIT_H

#include <stdio.h>

#include "ctf/ctf.h"
#include "freeze/budget.h"

/* Of this size it becomes audit.log.1, in place of that one. */
#define FREEZE_AUDIT_BYTES (16 << 20)

/**
 * struct freeze_audit - the file
 * @path:	its name
 * @held:	by why: refusals that no line told of yet, and when one last did
 */
struct freeze_audit {
	FILE *f;
	char path[4200];
	struct {
		uint64_t n;
		uint64_t told_ns;
	} held[FREEZE_REFUSALS];
};

/** freeze_audit_open() - in @folder; 0 or a negative errno and @e */
int freeze_audit_open(struct freeze_audit *a, const char *folder,
		      struct ctf_error *e);

/**
 * freeze_audit_begin() - begin a line
 * Return: where the rest of it goes; freeze_audit_end() ends it.
 */
FILE *freeze_audit_begin(struct freeze_audit *a, const char *what,
			 const char *who);

/** freeze_audit_end() - of a line */
void freeze_audit_end(struct freeze_audit *a);

/** freeze_audit_refused() - a refusal, told now or within a second */
void freeze_audit_refused(struct freeze_audit *a, enum freeze_refusal why,
			  const char *who, const char *reason, uint64_t now_ns);

/** freeze_audit_tick() - tell of those whose time has come */
void freeze_audit_tick(struct freeze_audit *a, uint64_t now_ns);

/** freeze_audit_close() - with all that is to be told */
void freeze_audit_close(struct freeze_audit *a);

#endif /* VMSYNC_FREEZE_AUDIT_H */
