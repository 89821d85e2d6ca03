// SPDX-License-Identifier: MIT
#include "fuse/chart.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/covered.h"
#include "fuse/svg.h"

#define LEFT	     90
#define LINE_HEIGHT  16

#define OUTSIDE_SHADE "#ffebe9"
#define OUTSIDE_LINE  "#cf222e"
/* Pieces of the growing bound's curve in one stretch: as many as one can see. */
#define CURVE_PIECES  48

static const char *const colours[VMSYNC_METHOD_COUNT] = {
	[VMSYNC_METHOD_EXACT] = "#1a7f37",  [VMSYNC_METHOD_PAIR] = "#0969da",
	[VMSYNC_METHOD_BEACON] = "#bf5700", [VMSYNC_METHOD_PORT] = "#8250df",
	[VMSYNC_METHOD_TSYNC] = "#bf3989",  [VMSYNC_METHOD_WINDOW] = "#9a6700",
};

/* One map to draw. */
struct chart {
	FILE *f;
	const struct vmsync_map *map;
	const struct vmsync_legs *legs;
	size_t dots; /* about as many beacons are drawn, at most */
	double top;
	double x0, x1; /* host time, s */
	int64_t end_ns; /* guest time of the last evidence */
	/* Guest time from the first to the last of evidence and events. */
	int64_t from_ns, until_ns;
};

/* Guest time without evidence: before it, in a hole of it, or after it. */
struct gap {
	int64_t from_ns, until_ns;
};

static struct svg_panel panel(const struct chart *c, int row, const char *unit)
{
	return (struct svg_panel){
		.f = c->f,
		.left = LEFT,
		.top = c->top + row * (VMSYNC_PANEL_HEIGHT + VMSYNC_PANEL_GAP),
		.width = VMSYNC_CHART_WIDTH - LEFT - 20,
		.height = VMSYNC_PANEL_HEIGHT,
		.x0 = c->x0,
		.x1 = c->x1,
		.y_unit = unit,
	};
}

static double seconds(const struct vmsync_map *map, int64_t guest_ns)
{
	return (double)vmsync_map_eval(map, (guest_time){ guest_ns }).ns * 1e-9;
}

static int64_t segment_end(const struct chart *c, size_t i)
{
	const struct vmsync_map *map = c->map;

	return i + 1 < map->count ? map->segments[i + 1].guest_start.ns :
				    c->end_ns;
}

/* The last guest time of segment @i that has its bound. */
static int64_t evidence_end(const struct chart *c, size_t i)
{
	int64_t end = c->map->segments[i].guest_end.ns;

	return end < segment_end(c, i) ? end : segment_end(c, i) - 1;
}

/* The last segment of the epoch that segment @i is the first of. */
static size_t epoch_last(const struct vmsync_map *map, size_t i)
{
	while (i + 1 < map->count &&
	       map->segments[i + 1].epoch == map->segments[i].epoch)
		i++;
	return i;
}

/* Just inside the segment: at its end the next one's value holds. */
static int64_t offset_at(const struct vmsync_map *map, int64_t guest_ns)
{
	return vmsync_map_eval(map, (guest_time){ guest_ns }).ns - guest_ns;
}

/* The gap before segment @i, or with @i their count the one after the last. */
static bool gap_before(const struct chart *c, size_t i, struct gap *gap)
{
	const struct vmsync_map *map = c->map;

	int64_t end = i ? map->segments[i - 1].guest_end.ns : c->from_ns - 1;

	gap->until_ns = i < map->count ? map->segments[i].guest_start.ns - 1 :
					 c->until_ns;
	if (end >= gap->until_ns)
		return false;
	gap->from_ns = end + 1;
	return true;
}

static void shade_gaps(const struct chart *c, const struct svg_panel *p)
{
	struct gap gap;

	for (size_t i = 0; i <= c->map->count; i++) {
		if (gap_before(c, i, &gap))
			svg_shade(p, seconds(c->map, gap.from_ns),
				  seconds(c->map, gap.until_ns), OUTSIDE_SHADE);
	}
}

struct knee {
	double x, y;
	enum vmsync_method method;
	bool first; /* of its epoch */
};

/* The corners of the detrended offset, two a segment. */
static struct knee *knees(const struct chart *c, double *lowest, double *highest)
{
	const struct vmsync_map *map = c->map;
	struct knee *k = calloc(2 * map->count, sizeof(*k));
	size_t i, first = 0, last = 0;

	for (i = 0; k && i < map->count; i++) {
		const struct vmsync_segment *s = &map->segments[i];
		int64_t ends[2] = { s->guest_start.ns, segment_end(c, i) - 1 };
		int64_t from, until, rise;
		int j;

		if (!i || s->epoch != map->segments[i - 1].epoch) {
			first = i;
			last = epoch_last(map, i);
		}
		from = map->segments[first].guest_start.ns;
		until = segment_end(c, last) - 1;
		rise = offset_at(map, until) - offset_at(map, from);
		for (j = 0; j < 2; j++) {
			double share = until > from ?
					       (double)(ends[j] - from) /
						       (double)(until - from) :
					       0;
			struct knee *at = &k[2 * i + j];

			at->x = seconds(map, ends[j]);
			at->y = ((double)(offset_at(map, ends[j]) -
					  offset_at(map, from)) -
				 share * (double)rise) / 1000;
			at->method = s->method;
			at->first = i == first && !j;
			*lowest = fmin(*lowest, at->y);
			*highest = fmax(*highest, at->y);
		}
	}
	return k;
}

static int draw_offset(const struct chart *c)
{
	struct svg_panel p = panel(c, 0, "us");
	struct svg_curve curve = { .p = &p };
	double low = 0, high = 0, margin;
	struct knee *k = knees(c, &low, &high);
	size_t i;

	if (!k)
		return -ENOMEM;
	margin = fmax((high - low) * 0.08, 0.005);
	p.y0 = low - margin;
	p.y1 = high + margin;
	shade_gaps(c, &p);
	svg_axes(&p, "offset, host minus guest, less a straight line per epoch",
		 false);
	for (i = 0; i < 2 * c->map->count; i++) {
		if (i && k[i].first) {
			svg_curve_end(&curve);
			svg_mark(&p, k[i].x, "#cf222e");
		}
		svg_curve_to(&curve, k[i].x, k[i].y, colours[k[i].method]);
	}
	svg_curve_end(&curve);
	free(k);
	return 0;
}

static double bound_at(const struct chart *c, int64_t guest_ns)
{
	return fmax(1, (double)vmsync_map_bound_ns(
			       c->map, (guest_time){ guest_ns }, NULL));
}

static double worst_bound(const struct chart *c)
{
	double worst = 1;
	struct gap gap;

	for (size_t i = 0; i <= c->map->count; i++) {
		if (i < c->map->count)
			worst = fmax(worst, (double)c->map->segments[i].bound_ns);
		if (gap_before(c, i, &gap))
			worst = fmax(worst, fmax(bound_at(c, gap.from_ns),
						 bound_at(c, gap.until_ns)));
	}
	return worst;
}

/*
 * The bound grows by a rate, which is a curve where the axis is logarithmic.
 * Steps that become longer away from the evidence are smooth at its steep end.
 */
static void draw_growth(const struct chart *c, const struct svg_panel *p,
			const struct gap *gap, bool backward)
{
	const double length = (double)(gap->until_ns - gap->from_ns);
	const double width = (seconds(c->map, gap->until_ns) -
			      seconds(c->map, gap->from_ns)) /
			     (c->x1 - c->x0) * p->width;
	const int pieces = 1 + (int)fmin(fmax(width, 0), CURVE_PIECES - 1);
	double xa = 0, ya = 0;

	for (int i = 0; i <= pieces; i++) {
		double share = (double)i / pieces;
		int64_t away = (int64_t)(length * share * share * share);
		int64_t g = backward ? gap->until_ns - away :
				       gap->from_ns + away;
		double x = seconds(c->map, g), y = bound_at(c, g);

		if (i)
			svg_line(p, xa, ya, x, y, OUTSIDE_LINE);
		xa = x;
		ya = y;
	}
}

static void draw_bound(const struct chart *c)
{
	struct svg_panel p = panel(c, 1, "ns");
	struct svg_curve curve = { .p = &p };
	struct gap gap;
	size_t i;

	p.log = true;
	p.y0 = 0.5;
	p.y1 = fmax(100, 2 * worst_bound(c));
	shade_gaps(c, &p);
	svg_axes(&p,
		 "guaranteed bound of the error; it grows where there is no "
		 "evidence (shaded), drawn as far as there are events",
		 false);
	for (i = 0; i <= c->map->count; i++) {
		if (gap_before(c, i, &gap))
			draw_growth(c, &p, &gap, !i);
	}
	for (i = 0; i < c->map->count; i++) {
		const struct vmsync_segment *s = &c->map->segments[i];
		const char *colour = colours[s->method];
		double xa = seconds(c->map, s->guest_start.ns);
		double y = fmax(1, (double)s->bound_ns);

		if (gap_before(c, i, &gap))
			svg_curve_end(&curve);
		if (i)
			svg_curve_to(&curve, xa,
				     bound_at(c, s->guest_start.ns - 1),
				     colour);
		svg_curve_to(&curve, xa, y, colour);
		svg_curve_to(&curve, seconds(c->map, evidence_end(c, i)), y,
			     colour);
	}
	svg_curve_end(&curve);
}

static double leg_slack_ns(const struct chart *c, const struct vmsync_leg *leg)
{
	return (double)vmsync_leg_slack_ns(c->map, leg);
}

/* No time within the bound explains it, as in vmsync_verify(). */
static bool contradicts(const struct chart *c, const struct vmsync_leg *leg)
{
	int64_t bound = vmsync_map_bound_ns(
		c->map, (guest_time){ leg->guest_ns }, NULL);

	return -vmsync_leg_slack_ns(c->map, leg) > bound;
}

/*
 * More dots than can be told apart only make the file large: every n-th beacon
 * is drawn, and of those that contradict the map each, as far as there is room.
 */
static void draw_legs(const struct chart *c, const struct svg_panel *p)
{
	size_t i, reds = 0, step = c->legs->leg.count / c->dots + 1;

	for (i = 0; i < c->legs->leg.count; i++) {
		const struct vmsync_leg *leg = &c->legs->leg.at[i];
		bool red = contradicts(c, leg);

		if (red ? reds++ < c->dots : !(i % step))
			svg_dot(p, (double)leg->host_ns * 1e-9,
				leg_slack_ns(c, leg),
				red	     ? "#cf222e" :
				leg->request ? "#24292f" :
					       "#8c959f");
	}
}

static void draw_beacons(const struct chart *c)
{
	struct svg_panel p = panel(c, 2, "ns");
	size_t i;
	double least = 1e9, most = 1000;

	for (i = 0; i < c->legs->leg.count; i++) {
		double slack = leg_slack_ns(c, &c->legs->leg.at[i]);

		most = fmax(most, slack);
		least = fmin(least, slack);
	}
	p.log = true;
	p.y0 = fmax(10, fmin(least, most) / 3);
	p.y1 = 2 * most;
	shade_gaps(c, &p);
	svg_axes(&p,
		 "beacons: time from guest to host (strong) and back (pale); "
		 "red: contradicts the map by more than its bound",
		 true);
	draw_legs(c, &p);
}

static void legend(FILE *f, const struct vmsync_map *map, double y)
{
	bool used[VMSYNC_METHOD_COUNT] = { false };
	double x = LEFT;
	size_t i;
	int m;

	for (i = 0; i < map->count; i++)
		used[map->segments[i].method] = true;
	for (m = 0; m < VMSYNC_METHOD_COUNT; m++) {
		if (!used[m])
			continue;
		fprintf(f,
			"<rect x=\"%.0f\" y=\"%.0f\" width=\"14\" height=\"4\" "
			"fill=\"%s\"/>\n",
			x, y - 5, colours[m]);
		svg_text(f, x + 19, y, "start", 12,
			 vmsync_method_name((enum vmsync_method)m));
		x += 90;
	}
}

/* What is true of the guest's events, which may not be where the evidence is. */
static int state_events(FILE *f, const struct vmsync_session_guest *g, double y)
{
	char *lines = NULL, *rest, *line;
	size_t size;
	FILE *text = open_memstream(&lines, &size);
	int ret;

	if (!text)
		return -ENOMEM;
	if (g->known_traces)
		vmsync_covered_lines(text, g);
	ret = fclose(text) ? -ENOMEM : 0;
	rest = lines;
	while (!ret && (line = strsep(&rest, "\n"))) {
		svg_text(f, LEFT, y, "start", 12, line);
		y += LINE_HEIGHT;
	}
	free(lines);
	return ret;
}

/* The range of the axis: evidence, and events of it or beyond it. */
static void set_range(struct chart *c, const struct vmsync_session_guest *g)
{
	const struct vmsync_segment *first = &c->map->segments[0];
	const struct vmsync_segment *last =
		&c->map->segments[c->map->count - 1];
	int64_t event_ns[2];

	c->end_ns = last->guest_end.ns > last->guest_start.ns ?
			    last->guest_end.ns :
			    last->guest_start.ns + 1;
	c->from_ns = first->guest_start.ns;
	c->until_ns = c->end_ns;
	if (vmsync_guest_reach(g, &event_ns[0], &event_ns[1])) {
		c->from_ns = event_ns[0] < c->from_ns ? event_ns[0] : c->from_ns;
		c->until_ns = event_ns[1] > c->until_ns ? event_ns[1] :
							  c->until_ns;
	}
	c->x0 = seconds(c->map, c->from_ns);
	c->x1 = fmax(seconds(c->map, c->until_ns), c->x0 + 1e-3);
}

int vmsync_chart_draw(FILE *f, const struct vmsync_session_guest *g,
		      uint32_t cpu, const struct vmsync_legs *legs, size_t dots,
		      double top)
{
	const struct vmsync_map *map = &vmsync_guest_maps(g->guest)->maps[cpu];
	struct chart c = { .f = f,
			   .map = map,
			   .legs = legs,
			   .dots = dots,
			   .top = top + VMSYNC_CHART_TOP };
	char title[160];
	int ret;

	set_range(&c, g);
	snprintf(title, sizeof(title), "%s, CPU %u: %zu segment%s",
		 g->machine->name, cpu, map->count, map->count == 1 ? "" : "s");
	svg_text(f, LEFT, top + 22, "start", 16, title);
	ret = state_events(f, g, top + 24 + 14);
	if (ret)
		return ret;
	legend(f, map, top + VMSYNC_CHART_TOP - 22);
	ret = draw_offset(&c);
	if (ret)
		return ret;
	draw_bound(&c);
	draw_beacons(&c);
	return 0;
}
