/* SPDX-License-Identifier: MIT */
/* What vmsync setup does to a machine: each step is said before it is done. */
#ifndef VMSYNC_SETUP_SETUP_H
#define VMSYNC_SETUP_SETUP_H

#include <limits.h>
#include <stdbool.h>

struct ctf_error;

/** struct vmsync_setup - how it is done: taken away again, or only said */
struct vmsync_setup {
	bool undo;
	bool dry;
};

/**
 * vmsync_setup_step() - say that @what is done to @name, which may be any text
 * Return: whether it is to be done.
 */
bool vmsync_setup_step(const struct vmsync_setup *s, const char *what,
		       const char *name);

/** vmsync_setup_run() - a program as a step. Return: 0, or -EIO with @e. */
int vmsync_setup_run(const struct vmsync_setup *s, const char *const argv[],
		     struct ctf_error *e);

/**
 * vmsync_setup_installed() - where a file is that was installed with this program
 * @out:	filled in, also where there is none
 * @name:	below the folder of the installation: "libexec/vmsync/..."
 * Return: 0, or -ENOENT.
 */
int vmsync_setup_installed(char out[PATH_MAX], const char *name);

/**
 * struct vmsync_setup_tracer - LTTng's kernel modules, and vmsync's probes
 * @kernel:	the kernel's release, or NULL: the one that runs
 * @lttng:	a folder with the sources of lttng-modules, or NULL: those that are
 *		installed, or else the distribution's package
 */
struct vmsync_setup_tracer {
	struct vmsync_setup how;
	const char *kernel;
	const char *lttng;
};

/**
 * vmsync_setup_tracer() - have DKMS build what is missing of these, or remove it
 * Return: 0, 1 where something is left to be done by hand, which was said, or a
 * negative errno with @e.
 */
int vmsync_setup_tracer(const struct vmsync_setup_tracer *t, struct ctf_error *e);

#endif /* VMSYNC_SETUP_SETUP_H */
