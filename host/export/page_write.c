// SPDX-License-Identifier: MIT
/*
 * One file with all that it needs: no network, no script but its own, which a
 * random number names that nobody who chose a thread's name could know. The
 * tables are there without the script too; it draws the timeline and leads to
 * it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "export/page.h"
#include "export/told.h"
#include "fuse/markup.h"

/* host/export/page.css and page.js, as they are. */
#define FILE_IN(name, file)                                    \
	__asm__(".section .rodata\n" name ":\n.incbin \"" file \
		"\"\n.byte 0\n.previous\n")
extern const char page_css[] __asm__("vmsync_page_css");
extern const char page_js[] __asm__("vmsync_page_js");
FILE_IN("vmsync_page_css", "host/export/page.css");
FILE_IN("vmsync_page_js", "host/export/page.js");

void page_text(FILE *f, const char *s)
{
	char clean[1024];

	markup_text(f, export_text(s, clean, sizeof(clean)));
}

void page_json(FILE *f, const char *s)
{
	char clean[256];

	putc('"', f);
	for (s = export_text(s, clean, sizeof(clean)); *s; s++) {
		if (*s == '"' || *s == '\\')
			fprintf(f, "\\%c", *s);
		else if (*s == '<' || *s == '>' || *s == '&')
			fprintf(f, "\\u%04x", *s);
		else
			putc(*s, f);
	}
	putc('"', f);
}

const char *page_machine_name(const struct page *p, uint32_t machine)
{
	const struct vmsync_session *s = p->job->analysis->session;

	return machine ? s->guests[machine - 1].machine->name : s->host->name;
}

static void row_label(FILE *f, const struct page *p, const struct page_row *r)
{
	const struct analysis *a = p->job->analysis;
	char name[128], label[256];

	switch (r->kind) {
	case PAGE_VCPU:
		analysis_vcpu_text(a, r->number, label, sizeof(label));
		break;
	case PAGE_THREAD:
		analysis_thread_text(a, r->number, name, sizeof(name));
		snprintf(label, sizeof(label), "%s of %s", name,
			 page_machine_name(p, analysis_model_thread(a->model,
								    r->number)
						      ->machine));
		break;
	default:
		snprintf(label, sizeof(label), "CPU %u of %s", r->number,
			 page_machine_name(p, ANALYSIS_HOST));
	}
	page_json(f, label);
}

/* Of the threads that slices refer to, by number plus 1. */
static void thread_names(FILE *f, const struct page *p)
{
	const struct analysis *a = p->job->analysis;
	char name[64];
	uint32_t i;

	for (i = 0; i < analysis_model_threads(a->model); i++) {
		analysis_thread_text(a, i, name, sizeof(name));
		fputs(i ? ",\n" : "\n", f);
		page_json(f, name);
	}
}

/* Slices have the room that names leave. */
static void fit(struct page *p)
{
	char *text = NULL;
	size_t n = 0;
	FILE *m = open_memstream(&text, &n);

	if (m)
		thread_names(m, p);
	if (!m || fclose(m))
		p->job->error = -ENOMEM;
	free(text);
	slices_fit(&p->slices, n < PAGE_SLICES_BYTES / 2 ?
				       PAGE_SLICES_BYTES - n :
				       PAGE_SLICES_BYTES / 2);
}

static void data(FILE *f, struct page *p)
{
	static const char *const more_codes[] = {"woken, waits for its vCPU",
						 "a thread of the host",
						 "a virtual CPU", "idle",
						 "nothing"};
	uint32_t i;

	fprintf(f,
		"<script type=\"application/json\" id=data>{\"length\": "
		"%" PRId64 ", \"shortest\": %" PRId64 ", \"codes\": [",
		p->slices.until_ns - p->slices.from_ns, p->slices.shortest_ns);
	for (i = 0; i < SLICE_CODES; i++) {
		fputs(i ? ", " : "", f);
		page_json(f,
			  i < ANALYSIS_STATES ?
				  analysis_state_name((enum analysis_state)i) :
				  more_codes[i - ANALYSIS_STATES]);
	}
	fputs("], \"threads\": [\"\"", f);
	if (analysis_model_threads(p->job->analysis->model))
		fputs(",", f);
	thread_names(f, p);
	fputs("], ", f);
	page_series_data(f, p);
	fputs(", \"rows\": [", f);
	for (i = 0; i < p->rows.count; i++) {
		fprintf(f, "%s\n{\"kind\": %d, \"number\": %u, \"label\": ",
			i ? "," : "", p->rows.at[i].kind, p->rows.at[i].number);
		row_label(f, p, &p->rows.at[i]);
		fputs(", \"slices\": \"", f);
		slices_write(&p->slices, i, f);
		fputs("\"}", f);
	}
	fputs("]}</script>\n", f);
}

/* The first sentences of the report. */
static void answer(FILE *f, const struct page *p)
{
	char *text = NULL, *s;
	size_t n = 0;
	FILE *m = open_memstream(&text, &n);

	if (!m)
		return;
	analysis_answer(m, p->job->analysis);
	if (!fclose(m)) {
		for (s = text; *s; s++) {
			if (*s == '\n')
				*s = ' ';
		}
		fputs("<p class=answer>", f);
		markup_text(f, text);
		fputs("</p>\n", f);
	}
	free(text);
}

static void contents(FILE *f, const struct page_told *told)
{
	static const char *const parts[][2] = {
		{ "timeline", "Timeline" },
		{ "vcpus", "Wanted and got" },
		{ "culprits", "Who had the CPU" },
		{ "waits", "Longest turns" },
		{ "exits", "Exits" },
		{ "threads", "Threads" },
		{ "wakes", "Wake-ups" },
		{ "clocks", "Clocks" },
	};
	size_t i;

	fputs("<nav aria-label=\"Parts of this page\">", f);
	if (told)
		page_told_links(f, told);
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		fprintf(f, "<a href=#%s>%s</a> ", parts[i][0], parts[i][1]);
	fputs("</nav>\n", f);
}

static void timeline(FILE *f, const struct page *p)
{
	fputs("<section id=timeline><h2>Timeline</h2>\n"
	      "<noscript><p>The timeline needs JavaScript.</p></noscript>\n"
	      "<div id=drawn hidden>"
	      "<div class=tools><label>Find a row <input id=find type=search "
	      "autocomplete=off></label> "
	      "<button id=in>Zoom in</button> <button id=out>Zoom out</button> "
	      "<button id=all>All</button>"
	      "<p class=hint>Drag to move, Ctrl and wheel to zoom; keys: "
	      "arrows, + and -, n and p from state to state, Home</p></div>\n"
	      "<div id=rows tabindex=0 role=application aria-label=\"Timeline: "
	      "left and right move, plus and minus zoom, up and down choose a "
	      "row, n and p go to its next and last slice, home shows all\" "
	      "aria-describedby=status><canvas id=canvas></canvas><div "
	      "id=space></div></div>\n"
	      "<p id=status role=status></p>"
	      "<ul class=legend id=legend aria-label=\"Colours of virtual CPUs "
	      "and threads\"></ul>"
	      "<ul class=legend id=cpu-legend aria-label=\"Colours of CPUs of "
	      "the host\"></ul>"
	      "</div>",
	      f);
	if (p->slices.shortest_ns)
		fprintf(f,
			"<p>There were more states than this page has room "
			"for: "
			"what was shorter than %" PRId64
			" ns is drawn with what is around it. Tables have all. "
			"Name a part of the time: --since, --until.</p>",
			p->slices.shortest_ns);
	if (p->n_threads == PAGE_THREADS)
		fprintf(f,
			"<p>The timeline has the first %d threads of guests, "
			"no more. --vm names one guest.</p>",
			PAGE_THREADS);
	fputs("</section>\n", f);
}

int page_nonce(char nonce[PAGE_NONCE])
{
	uint8_t random[PAGE_NONCE / 2];
	size_t i;

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	for (i = 0; i < sizeof(random); i++)
		snprintf(nonce + 2 * i, 3, "%02x", random[i]);
	return 0;
}

void page_begin(FILE *f, const char *nonce)
{
	fprintf(f,
		"<!doctype html>\n<html lang=en>\n<meta charset=utf-8>\n"
		"<meta http-equiv=Content-Security-Policy "
		"content=\"default-src "
		"'none'; script-src 'nonce-%s'; style-src 'nonce-%s'; base-uri "
		"'none'; form-action 'none'\">\n"
		"<meta name=viewport content=\"width=device-width, "
		"initial-scale=1\">\n<title>",
		nonce, nonce);
}

void page_style(FILE *f, const char *nonce)
{
	fprintf(f, "</title>\n<style nonce=%s>\n%s</style>\n", nonce, page_css);
}

void page_write(struct page *p, FILE *f)
{
	const struct page_told *told = p->job->options->told;
	char nonce[PAGE_NONCE];

	fit(p);
	if (page_nonce(nonce))
		p->job->error = -EIO;
	page_begin(f, nonce);
	fputs("vmsync: ", f);
	page_text(f, page_machine_name(p, ANALYSIS_HOST));
	page_style(f, nonce);
	fputs("<header><h1>What the virtual CPUs of ", f);
	page_text(f, page_machine_name(p, ANALYSIS_HOST));
	fprintf(f,
		" did</h1>\n<p>%" PRId64 ".%03d s, from %" PRId64
		".%09d s on the host's clock</p></header>\n<main>\n",
		(p->slices.until_ns - p->slices.from_ns) / 1000000000,
		(int)((p->slices.until_ns - p->slices.from_ns) / 1000000 %
		      1000),
		p->slices.from_ns / 1000000000,
		(int)(p->slices.from_ns % 1000000000));
	answer(f, p);
	page_notes(f, p);
	contents(f, told);
	if (told)
		page_told_migrations(f, told);
	timeline(f, p);
	page_tables(f, p);
	if (told)
		page_told_tables(f, told);
	fputs("</main>\n<div id=tip aria-hidden=true hidden></div>\n", f);
	data(f, p);
	fprintf(f, "<script nonce=%s>\n%s</script>\n</html>\n", nonce, page_js);
}
