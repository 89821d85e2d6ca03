// SPDX-License-Identifier: MIT
#include "qemu/libvirt.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fuse/fail.h"

/* What is behind @option, up to the end of the value; quotes are the shell's. */
static void value_take(const char *line, const char *option, char *to,
		       size_t size)
{
	size_t n = strlen(option);

	if (strncmp(line, option, n))
		return;
	line += n;
	line += *line == '\'';
	if (!strncmp(line, "guest=", 6))
		line += 6;
	n = strcspn(line, ",' \\\n");
	if (n >= size)
		n = size - 1;
	memcpy(to, line, n);
	to[n] = '\0';
}

/* "2026-01-01 00:00:00.000+0000: starting up libvirt version: ..., hostname: NAME" */
static void host_take(const char *line, char *to, size_t size)
{
	const char *host = strstr(line, ", hostname: ");

	if (!host || !strstr(line, ": starting up libvirt version: "))
		return;
	host += strlen(", hostname: ");
	snprintf(to, size, "%.*s", (int)strcspn(host, ", \n"), host);
}

static bool is_uuid(const char *s)
{
	return strlen(s) == 36 && strspn(s, "0123456789abcdefABCDEF-") == 36;
}

int qemu_libvirt_read(const char *path, struct qemu_domain *d,
		      struct ctf_error *e)
{
	FILE *f = fopen(path, "re");
	char line[4096];
	bool is_begin = true;

	*d = (struct qemu_domain){ 0 };
	if (!f)
		return vmsync_fail_file(e, -errno, path);
	errno = 0;
	while (fgets(line, sizeof(line), f)) {
		if (is_begin) {
			host_take(line, d->host, sizeof(d->host));
			value_take(line, "-name ", d->name, sizeof(d->name));
			value_take(line, "-uuid ", d->uuid, sizeof(d->uuid));
		}
		is_begin = strchr(line, '\n') != NULL;
	}
	if (ferror(f)) {
		int ret = errno ? -errno : -EIO;

		fclose(f);
		return vmsync_fail_file(e, ret, path);
	}
	fclose(f);
	if (d->name[0] && is_uuid(d->uuid))
		return 0;
	return vmsync_fail(e, -EINVAL,
			   "name /var/log/libvirt/qemu/DOMAIN.log",
			   "%.400s: libvirt started no QEMU in it", path);
}
