// SPDX-License-Identifier: MIT
/* One-line errors. */
#include <stdarg.h>
#include <stdio.h>

#include "ctf/internal.h"

static void one_line(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			*s = '?';
}

/* Fills in @e, with an empty remedy, and returns @code. */
int fail(struct ctf_error *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return code;
	e->code = code;
	e->remedy[0] = 0;
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	one_line(e->msg);
	return code;
}

/* Adds a remedy to the error last set, and returns its code. */
int remedy(struct ctf_error *e, const char *fmt, ...)
{
	va_list ap;

	if (!e)
		return -EINVAL;
	va_start(ap, fmt);
	vsnprintf(e->remedy, sizeof(e->remedy), fmt, ap);
	va_end(ap);
	one_line(e->remedy);
	return e->code;
}

int fail_nomem(struct ctf_error *e)
{
	return fail(e, -ENOMEM, "out of memory");
}
