// SPDX-License-Identifier: MIT
#include "fuse/print.h"

#include <inttypes.h>
#include <string.h>

/* Where the text begins that follows a label. */
#define TEXT_COLUMN 14
#define COLUMNS	    80

void print_seconds(FILE *f, int64_t ns)
{
	uint64_t u = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;

	fprintf(f, "%c%" PRIu64 ".%09" PRIu64 " s", ns < 0 ? '-' : '+',
		u / 1000000000, u % 1000000000);
}

void print_ns(FILE *f, int64_t ns)
{
	if (ns < 10000)
		fprintf(f, "%" PRId64 " ns", ns);
	else
		fprintf(f, "%" PRId64 ".%" PRId64 " us",
			ns / 1000 + (ns % 1000 > 900),
			(ns % 1000 + 99) / 100 % 10);
}

void print_note(FILE *f, const char *label, const char *text)
{
	int column = TEXT_COLUMN;

	fprintf(f, "  %-*s", TEXT_COLUMN - 2, label);
	while (*text) {
		int len = (int)strcspn(text, " ");

		if (column > TEXT_COLUMN && column + 1 + len > COLUMNS) {
			fprintf(f, "\n%*s", TEXT_COLUMN, "");
			column = TEXT_COLUMN;
		}
		if (column > TEXT_COLUMN)
			column += fprintf(f, " ");
		column += fprintf(f, "%.*s", len, text);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', f);
}

/* Length of the folder's path that is above all traces, without its "/". */
static int common_folder(const struct vmsync_machine *m)
{
	const char *first = ctf_trace_path(m->traces[0]);
	size_t i, len = strlen(first);

	for (i = 1; i < m->n; i++) {
		const char *path = ctf_trace_path(m->traces[i]);
		size_t same = 0;

		while (same < len && path[same] == first[same])
			same++;
		len = same;
	}
	while (len && first[len] != '/')
		len--;
	return (int)len;
}

void print_traces(FILE *f, const struct vmsync_machine *m)
{
	size_t i;

	if (m->n > PRINT_TRACES) {
		fprintf(f, "  traces      %.*s/ (%zu of them)\n",
			common_folder(m), ctf_trace_path(m->traces[0]), m->n);
		return;
	}
	for (i = 0; i < m->n; i++)
		fprintf(f, "  trace       %s\n", ctf_trace_path(m->traces[i]));
}
