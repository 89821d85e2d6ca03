// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "fuse/print.h"
#include "base/run.h"
#include "setup/setup.h"

bool vmsync_setup_step(const struct vmsync_setup *s, const char *what,
		       const char *name)
{
	fputs(s->dry ? "would " : "", stdout);
	fputs(what, stdout);
	print_clean(stdout, name);
	putchar('\n');
	fflush(stdout);
	return !s->dry;
}

int vmsync_setup_run(const struct vmsync_setup *s, const char *const argv[],
		     struct ctf_error *e)
{
	char text[512] = "run", said[200];
	size_t i, n;
	int status;

	for (i = 0; argv[i]; i++) {
		n = strlen(text);
		snprintf(text + n, sizeof(text) - n, " %s", argv[i]);
	}
	if (!vmsync_setup_step(s, text, ""))
		return 0;
	status = vmsync_run(argv, NULL, said, sizeof(said));
	if (!status)
		return 0;
	if (!*said)
		snprintf(said, sizeof(said), "exit status %d", status);
	return vmsync_fail(e, -EIO, "", "%s: %s", argv[0], said);
}

/* This program is in PREFIX/bin. */
int vmsync_setup_installed(char out[PATH_MAX], const char *name)
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
	char *slash;
	int i;

	out[n > 0 ? n : 0] = '\0';
	for (i = 0; i < 2; i++) {
		slash = strrchr(out, '/');
		if (slash)
			*slash = '\0';
	}
	n = (ssize_t)strlen(out);
	if (snprintf(out + n, PATH_MAX - (size_t)n, "/%s", name) >= PATH_MAX - n)
		return -ENOENT;
	return access(out, F_OK) ? -ENOENT : 0;
}
