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
	default:
		return "";
	}
}

int vmsync_fail_file(struct ctf_error *e, int code, const char *path)
{
	return vmsync_fail(e, code, remedy_of(code), "%.400s: %s", path,
			   strerror(-code));
}

int vmsync_fail_memory(struct ctf_error *e)
{
	return vmsync_fail(e, -ENOMEM, "", "out of memory");
}
