/* SPDX-License-Identifier: MIT */
/*
 * The doctor: what a system lacks for a recording, by looking at it. Nothing is
 * changed, loaded or started.
 */
#ifndef VMSYNC_DOCTOR_DOCTOR_H
#define VMSYNC_DOCTOR_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

/* Worse ones have greater numbers. */
enum doctor_state {
	DOCTOR_OK,
	DOCTOR_LIMITS,	/* a recording is made, but not the best one */
	DOCTOR_LACKS,	/* without this no recording is made */
};

/**
 * struct doctor_check - one thing that was looked at
 * @name:	of what: one word, for programs as well
 * @found:	what is there
 * @remedy:	what to do, "" where all is well
 */
struct doctor_check {
	const char *name;
	enum doctor_state state;
	char found[160];
	char remedy[240];
};

/**
 * struct doctor - a system and what was found
 * @root:	where it is mounted, "" for the one that runs
 * @host:	it is, or can be, a KVM host
 * @guest:	it is a KVM guest; both where it has a QEMU for guests of its own
 * @release:	of the kernel that runs
 */
struct doctor {
	const char *root;
	bool host;
	bool guest;
	char release[80];
	struct doctor_check checks[24];
	size_t n;
};

/**
 * doctor_roles() - which kernel runs, and is it a host's or a guest's?
 * @d:	all zeros but @root; @release, @host and @guest are filled in
 *
 * Return: 0, or -ENOENT where @root has no /proc.
 */
int doctor_roles(struct doctor *d);

/** doctor_look() - look at all that the roles of @d need; fills in its checks */
void doctor_look(struct doctor *d);

/** doctor_worst() - the worst of what was found */
enum doctor_state doctor_worst(const struct doctor *d);

#endif /* VMSYNC_DOCTOR_DOCTOR_H */
