// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fuse/fail.h"

int vmsync_fail(struct ctf_error *e, int code, const char *remedy,
		const char *format, ...)
{
	va_list args;

	memset(e, 0, sizeof(*e));
	e->code = code;
	va_start(args, format);
	vsnprintf(e->msg, sizeof(e->msg), format, args);
	va_end(args);
	snprintf(e->remedy, sizeof(e->remedy), "%s", remedy);
	return code;
}

static const char *remedy_of(int code)
{
	switch (code) {
	case -ENOSPC:
		return "make room, or write to another disk";
	case -EFBIG:
		return "raise the limit of a file's size (ulimit -f)";
	case -EISDIR:
		return "name a file";
	case -EACCES:
		return "it is for its owner, or root";
	default:
		return "";
	}
}

int vmsync_fail_file(struct ctf_error *e, int code, const char *path)
{
	return vmsync_fail(e, code, remedy_of(code), "%.400s: %s",
			   *path ? path : "''", strerror(-code));
}

int vmsync_fail_output(struct ctf_error *e, int code, const char *path)
{
	vmsync_fail_file(e, code, path);
	if (code == -ENOENT || code == -ENOTDIR || code == -EACCES || code == -EROFS)
		snprintf(e->remedy, sizeof(e->remedy), "the folder that it shall be "
			 "in must exist and be writable");
	return code;
}

int vmsync_fail_memory(struct ctf_error *e)
{
	return vmsync_fail(e, -ENOMEM, "", "out of memory");
}
