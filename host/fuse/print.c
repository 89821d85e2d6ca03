// SPDX-License-Identifier: MIT
#include "fuse/print.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "sync/map/map.h"
#include "base/utf8.h"

/* Where the text begins that follows a label. */
#define TEXT_COLUMN 14
#define COLUMNS	    80

#define ESCAPE 4 /* columns of a byte as "\x1b" */

/* As far as @most columns go. Return: columns. */
static int print_some(FILE *f, const char *s, const char *end, int most)
{
	int columns = 0;

	while (s < end) {
		uint32_t code;
		size_t n = utf8_char(s, &code), i;
		bool plain = n && !utf8_is_control(code);
		int width = plain ? 1 : n ? ESCAPE * (int)n : ESCAPE;

		if (width > most - columns)
			break;
		n = n ? n : 1;
		for (i = 0; !plain && i < n; i++)
			fprintf(f, "\\x%02x", (unsigned char)s[i]);
		if (plain)
			fwrite(s, 1, n, f);
		columns += width;
		s += n;
	}
	return columns;
}

void print_clean(FILE *f, const char *s)
{
	print_some(f, s, s + strlen(s), INT_MAX);
}

int print_cut(FILE *f, const char *s, int columns)
{
	return print_some(f, s, s + strlen(s), columns);
}

void print_seconds(FILE *f, int64_t ns)
{
	uint64_t u = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;

	fprintf(f, "%c%" PRIu64 ".%09" PRIu64 " s", ns < 0 ? '-' : '+',
		u / 1000000000, u % 1000000000);
}

void print_ms(FILE *f, int64_t ns)
{
	fprintf(f, "%" PRId64 ".%06" PRId64 " ms", ns / 1000000, ns % 1000000);
}

void print_ns(FILE *f, int64_t ns)
{
	if (ns >= VMSYNC_BOUND_NONE)
		fputs("no bound", f);
	else if (ns < 10000)
		fprintf(f, "%" PRId64 " ns", ns);
	else
		fprintf(f, "%" PRId64 ".%" PRId64 " us",
			ns / 1000 + (ns % 1000 > 900),
			(ns % 1000 + 99) / 100 % 10);
}

void print_whole_ns(FILE *f, int64_t ns)
{
	if (ns >= VMSYNC_BOUND_NONE)
		fputs("no bound", f);
	else
		fprintf(f, "%" PRId64 " ns", ns);
}

void print_json_bound(FILE *f, const char *key, int64_t ns)
{
	if (ns >= VMSYNC_BOUND_NONE)
		fprintf(f, ", \"%s\": null", key);
	else
		fprintf(f, ", \"%s\": %" PRId64, key, ns);
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
		column += print_some(f, text, text + len, INT_MAX);
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', f);
}

void print_paragraph(FILE *f, const char *text, int columns, int indent)
{
	bool begun = false;
	int column = 0;

	if (*text == ' ') {
		column = (int)strspn(text, " ");
		fprintf(f, "%*s", column, "");
		text += column;
	}
	while (*text) {
		int len = (int)strcspn(text, " ");

		if (begun && column + 1 + len > columns) {
			fprintf(f, "\n%*s", indent, "");
			column = indent;
		} else if (begun) {
			fputc(' ', f);
			column++;
		}
		begun = true;
		fprintf(f, "%.*s", len, text);
		column += len;
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
		const char *path = ctf_trace_path(m->traces[0]);

		fputs("  traces      ", f);
		print_some(f, path, path + common_folder(m), INT_MAX);
		fprintf(f, "/ (%zu of them)\n", m->n);
		return;
	}
	for (i = 0; i < m->n; i++) {
		fputs("  trace       ", f);
		print_clean(f, ctf_trace_path(m->traces[i]));
		fputc('\n', f);
	}
}
