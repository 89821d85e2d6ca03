// SPDX-License-Identifier: MIT
#include "base/series.h"

#include <inttypes.h>

#include "base/utf8.h"

void vmsync_series_family(FILE *f, const char *name, const char *type,
			  const char *help)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_char(FILE *f, const char *s, size_t n, uint32_t code)
{
	if (code == '\n')
		fputs("\\n", f);
	else if (!n || utf8_is_control(code))
		fputc('?', f);
	else if (code == '"' || code == '\\')
		fprintf(f, "\\%c", *s);
	else
		fwrite(s, 1, n, f);
}

void vmsync_series_label(FILE *f, const char *name, const char *value)
{
	uint32_t code;
	size_t n;

	fprintf(f, "%s=\"", name);
	for (; *value; value += n ? n : 1) {
		n = utf8_char(value, &code);
		put_char(f, value, n, code);
	}
	fputc('"', f);
}

void vmsync_series_seconds(FILE *f, uint64_t ns)
{
	fprintf(f, "%" PRIu64 ".%09" PRIu64, ns / 1000000000, ns % 1000000000);
}
