// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/state.h"
#include "export/page.h"
#include "export/page_lanes.h"

/* In units of the picture, which is as wide as the page. */
#define LEFT	270
#define WIDTH	920
#define BAR	18
#define STEP	22
#define TALL	44
#define LETTER	6.4 /* about so wide in a bar */
#define COLOURS 8

/* Lanes of one object's operations; of a busy one those that come first. */
#define MOST_LANES 16

/*
 * The height is known when all is drawn: lanes go to memory first.
 * @y:	of the next lane
 */
struct lanes {
	FILE *f;
	const struct join *j;
	int64_t from_ns;
	int64_t until_ns;
	int y;
};

static double x_of(const struct lanes *l, int64_t ns)
{
	double x = (double)(ns - l->from_ns) * WIDTH /
		   (double)(l->until_ns - l->from_ns);

	return LEFT + (x < 0 ? 0 : x > WIDTH ? WIDTH : x);
}

static bool is_within(const struct lanes *l, int64_t from_ns, int64_t until_ns)
{
	return from_ns < l->until_ns && until_ns > l->from_ns;
}

/* The same text has the same colour. */
static int colour_of(const char *s)
{
	uint32_t h = 2166136261u;

	for (; *s; s++)
		h = (h ^ (uint8_t)*s) * 16777619u;
	return (int)((h ^ h >> 15) % COLOURS);
}

/* As many characters of @s as there is room for; it may be any bytes. */
static void cut_text(FILE *f, const char *s, size_t most)
{
	char clean[512];
	size_t n;

	export_text(s, clean, sizeof(clean));
	n = strlen(clean);
	if (n > most && most > 3) {
		for (n = most - 1; n && (clean[n] & 0xc0) == 0x80; n--)
			;
		memcpy(clean + n, "\xe2\x80\xa6", 4);
	}
	page_text(f, clean);
}

static void length_text(FILE *f, int64_t ns)
{
	if (ns >= 1000000000)
		fprintf(f, "%.3f s", (double)ns / 1e9);
	else
		fprintf(f, "%.3f ms", (double)ns / 1e6);
}

static void group(struct lanes *l, const char *name)
{
	fprintf(l->f, "<text class=group x=0 y=%d>%s</text>\n", l->y + 15,
		name);
	fprintf(l->f, "<path class=rule d=\"M0 %dH%d\"/>\n", l->y + STEP - 2,
		LEFT + WIDTH);
	l->y += STEP + 3;
}

static void label(struct lanes *l, const char *text)
{
	fprintf(l->f, "<text x=8 y=%d>", l->y + 13);
	cut_text(l->f, text, 40);
	fputs("</text>\n", l->f);
}

/* A state, with its name in it where there is room, and all of it to point at. */
static void bar(struct lanes *l, int64_t from_ns, int64_t until_ns,
		const char *class, const char *text)
{
	double x = x_of(l, from_ns), width = x_of(l, until_ns) - x;

	if (!is_within(l, from_ns, until_ns))
		return;
	fprintf(l->f, "<g class=%s><title>", class);
	page_text(l->f, text);
	fputs(", ", l->f);
	length_text(l->f, until_ns - from_ns);
	fputs(", from ", l->f);
	length_text(l->f, from_ns - l->j->from_ns);
	fprintf(l->f, " on</title><rect x=%.1f y=%d width=%.1f height=%d />", x,
		l->y, width < 1 ? 1 : width, BAR);
	if (width > 4 * LETTER) {
		fprintf(l->f, "<text x=%.1f y=%d>", x + 3, l->y + 13);
		cut_text(l->f, text, (size_t)((width - 4) / LETTER));
		fputs("</text>", l->f);
	}
	fputs("</g>\n", l->f);
}

/* ------------------------------------------------------------- application */

static void span_text(const struct lanes *l, const struct layers_names *names,
		      const struct layers_span *s, char text[256])
{
	(void)l;
	snprintf(text, 256, "%.120s%s%.100s%s",
		 layers_name_text(names, s->name),
		 s->place == LAYERS_NO_NAME ? "" : " @ ",
		 s->place == LAYERS_NO_NAME ? "" :
					      layers_name_text(names, s->place),
		 s->flags & LAYERS_FAILED ? ", FAILED" : "");
}

static void span_bar(struct lanes *l, const struct layers_names *names,
		     const struct layers_span *s)
{
	char text[256], class[16];

	span_text(l, names, s, text);
	snprintf(class, sizeof(class), "c%d", colour_of(text));
	if (s->flags & LAYERS_FAILED)
		strcpy(class, "bad");
	else if (strstr(text, " -> "))
		strcpy(class, "way"); /* from one service to the next */
	bar(l, s->from_ns, s->until_ns, class, text);
}

static void states(struct lanes *l, const struct layers_names *names,
		   const struct layers_object *obj)
{
	size_t i;
	bool any = false;

	for (i = 0; i < obj->spans.count; i++) {
		const struct layers_span *s = &obj->spans.at[i];

		if (s->flags & LAYERS_NESTED ||
		    !is_within(l, s->from_ns, s->until_ns))
			continue;
		span_bar(l, names, s);
		any = true;
	}
	l->y += any ? STEP : 0;
}

/* Operations need not lie within each other: a lane each. */
static void operations(struct lanes *l, const struct layers_names *names,
		       const struct layers_object *obj)
{
	char text[256];
	size_t i;
	int n = 0;

	for (i = 0; i < obj->spans.count && n < MOST_LANES; i++) {
		const struct layers_span *s = &obj->spans.at[i];

		if (!(s->flags & LAYERS_NESTED) ||
		    !is_within(l, s->from_ns, s->until_ns))
			continue;
		span_text(l, names, s, text);
		label(l, text);
		span_bar(l, names, s);
		l->y += STEP;
		n++;
	}
}

static bool has_states(const struct lanes *l, const struct layers_object *obj)
{
	size_t i;

	for (i = 0; i < obj->spans.count; i++) {
		if (!(obj->spans.at[i].flags & LAYERS_NESTED) &&
		    is_within(l, obj->spans.at[i].from_ns,
			      obj->spans.at[i].until_ns))
			return true;
	}
	return false;
}

static void application(struct lanes *l, const struct layers_engine *g)
{
	size_t i;

	if (!l->j->objects.count)
		return;
	group(l, "Application");
	for (i = 0; i < l->j->objects.count; i++) {
		const struct layers_object *obj = l->j->objects.at[i];
		char text[256];

		snprintf(text, sizeof(text), "%.32s %.12s%s%.80s",
			 g->tracks.at[obj->track].name, obj->key,
			 obj->name ? " " : "", obj->name ? obj->name : "");
		if (has_states(l, obj))
			label(l, text);
		states(l, &g->names, obj);
		operations(l, &g->names, obj);
	}
}

/* ---------------------------------------------------------- virtualization */

static void stages(struct lanes *l, size_t side, const char *role)
{
	const struct migrations *m = l->j->migrations;
	const struct migration_side *s;
	const struct migration_process *p;
	char text[256];
	size_t i;

	if (side == MIGRATION_NONE)
		return;
	s = &m->sides.at[side];
	p = &m->processes.at[s->process];
	snprintf(text, sizeof(text), "%s: %.60s%s%.60s", role,
		 p->name, p->host ? " on " : "", p->host ? p->host : "");
	label(l, text);
	for (i = 0; i < s->stages.count; i++) {
		int64_t until_ns = i + 1 < s->stages.count ?
					   s->stages.at[i + 1].ns :
					   s->end_ns;
		char class[16];

		snprintf(class, sizeof(class), "c%d",
			 colour_of(s->stages.at[i].name));
		bar(l, s->stages.at[i].ns, until_ns, class,
		    s->stages.at[i].name);
	}
	l->y += STEP;
}

static void rounds(struct lanes *l)
{
	const struct migration_rounds *r =
		&migration_of(l->j->migrations, l->j->migration)->rounds;
	uint64_t most = 1;
	char text[64];
	size_t i;

	if (r->list.count < 2)
		return;
	label(l, "rounds");
	for (i = 0; i + 1 < r->list.count; i++) {
		snprintf(text, sizeof(text), "%zu", i + 1);
		bar(l, r->list.at[i].ns, r->list.at[i + 1].ns,
		    i & 1 ? "c1" : "c0", text);
	}
	l->y += STEP;
	for (i = 0; i < r->list.count; i++) {
		if (r->list.at[i].dirty_pages > most)
			most = r->list.at[i].dirty_pages;
	}
	snprintf(text, sizeof(text), "dirty pages, up to %" PRIu64, most);
	label(l, text);
	for (i = 1; i < r->list.count; i++) {
		const struct migration_round *at = &r->list.at[i];
		double x = x_of(l, r->list.at[i - 1].ns);
		double h = (double)at->dirty_pages / (double)most * TALL;

		if (!is_within(l, r->list.at[i - 1].ns, at->ns) || h < .1)
			continue;
		fprintf(l->f,
			"<rect class=dirty x=%.1f y=%.1f width=%.1f "
			"height=%.1f><title>%" PRIu64
			" pages, found by round %zu</title></rect>\n",
			x, l->y + TALL - h, x_of(l, at->ns) - x, h,
			at->dirty_pages, i + 1);
	}
	l->y += TALL + 4;
}

static void virtualization(struct lanes *l)
{
	group(l, "Virtualization");
	stages(l, l->j->migration->source, "source");
	rounds(l);
	if (join_has_destination(l->j->migration))
		stages(l, l->j->migration->destination, "destination");
}

/* ------------------------------------------------------------------ kernel */

/* Of one state, the part of each window's height that it had, over those before it. */
static void state_path(struct lanes *l, const struct join_vcpu *v, int state)
{
	const struct join *j = l->j;
	double width = WIDTH * (double)j->window_ns /
		       (double)(l->until_ns - l->from_ns);
	bool any = false;
	int i, k;

	for (i = 0; i < JOIN_WINDOWS; i++) {
		int64_t from_ns = j->near_from_ns + i * j->window_ns;
		const int64_t *ns = v->windows[i].ns;
		double above = 0, own = (double)ns[state] * BAR /
					(double)j->window_ns;

		if (!ns[state] ||
		    !is_within(l, from_ns, from_ns + j->window_ns))
			continue;
		for (k = 0; k < state; k++)
			above += (double)ns[k] * BAR / (double)j->window_ns;
		if (!any)
			fprintf(l->f, "<path class=s-%s d=\"",
				analysis_state_key((enum analysis_state)state));
		any = true;
		fprintf(l->f, "M%.1f %.1fh%.1fv%.1fh-%.1fz", x_of(l, from_ns),
			l->y + above, width, own, width);
	}
	if (any)
		fputs("\"/>\n", l->f);
}

static void vcpu(struct lanes *l, const struct join_vcpu *v)
{
	char text[256];
	int state;

	snprintf(text, sizeof(text), "%s on %.60s", v->name,
		 l->j->migrations->machines.machine[v->machine].name);
	label(l, text);
	for (state = 0; state < ANALYSIS_STATES; state++)
		state_path(l, v, state);
	l->y += STEP;
}

/* Where a window would be less than a pixel wide, nothing could be seen. */
static void kernel(struct lanes *l)
{
	const struct join *j = l->j;
	size_t i;

	if (!j->vcpus.count ||
	    j->window_ns * 2 < (l->until_ns - l->from_ns) / WIDTH)
		return;
	group(l, "Kernel");
	for (i = 0; i < j->vcpus.count; i++) {
		if (j->vcpus.at[i].is_source)
			vcpu(l, &j->vcpus.at[i]);
	}
	for (i = 0; i < j->vcpus.count; i++) {
		if (!j->vcpus.at[i].is_source)
			vcpu(l, &j->vcpus.at[i]);
	}
}

/* -------------------------------------------------------------- the whole */

/* From the source's stop to the destination's run, through all lanes. */
static void down(struct lanes *l, int top)
{
	const struct migrations *m = l->j->migrations;
	const struct migration *g = l->j->migration;
	const struct migration_side *s = migration_of(m, g);
	int64_t until_ns = s->stop_ns + g->down_ns;
	double x, most = LEFT + WIDTH - 90; /* there is room for the text */

	if (!g->has_down || !is_within(l, s->stop_ns, until_ns))
		return;
	fprintf(l->f,
		"<rect class=down x=%.1f y=%d width=%.1f height=%d><title>down, ",
		x_of(l, s->stop_ns), top,
		x_of(l, until_ns) - x_of(l, s->stop_ns) + 1, l->y - top);
	length_text(l->f, g->down_ns);
	fputs("</title></rect>\n", l->f);
	x = x_of(l, s->stop_ns);
	fprintf(l->f, "<text x=%.1f y=%d>down ", x > most ? most : x, l->y + 14);
	length_text(l->f, g->down_ns);
	fputs("</text>\n", l->f);
	l->y += STEP;
}

static int64_t unit_of(int64_t length_ns)
{
	int64_t unit = 1;
	int i;

	for (;; unit *= 10) {
		for (i = 1; i <= 5; i += i == 2 ? 3 : 1) {
			if (i != 3 && i != 4 && length_ns / (i * unit) <= 10)
				return i * unit;
		}
	}
}

static void axis(struct lanes *l)
{
	int64_t unit = unit_of(l->until_ns - l->from_ns);
	int64_t begin_ns = l->j->from_ns, first = (l->from_ns - begin_ns) / unit;
	int64_t ns;

	fprintf(l->f, "<text x=8 y=14>seconds since it began</text>\n");
	for (; (ns = begin_ns + first * unit) <= l->until_ns; first++) {
		if (ns < l->from_ns)
			continue;
		fprintf(l->f,
			"<text class=tick x=%.1f y=14>%.*f</text><path "
			"class=rule d=\"M%.1f 18v8\"/>\n",
			x_of(l, ns), unit >= 1000000000 ? 0 : unit >= 1000000 ? 3 : 6,
			(double)(ns - begin_ns) / 1e9, x_of(l, ns));
	}
	l->y = 30;
}

void page_lanes(FILE *f, const struct join *j, const struct layers_engine *g,
		const char *about, int64_t from_ns, int64_t until_ns)
{
	struct lanes l = { .j = j, .from_ns = from_ns, .until_ns = until_ns };
	char *text = NULL;
	size_t n = 0;

	l.f = open_memstream(&text, &n);
	if (!l.f)
		return;
	axis(&l);
	if (g)
		application(&l, g);
	virtualization(&l);
	kernel(&l);
	down(&l, 30);
	if (!fclose(l.f))
		fprintf(f,
			"<div class=scroll tabindex=0 role=group "
			"aria-label=\"%s\"><svg class=lanes role=img "
			"aria-label=\"%s\" viewBox=\"0 0 %d %d\">%s</svg></div>\n",
			about, about, LEFT + WIDTH + 12, l.y, text);
	free(text);
}
