// SPDX-License-Identifier: MIT
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "fuse/legs.h"
#include "fuse/plot.h"
#include "fuse/svg.h"

#define WIDTH	     1000
#define LEFT	     90
#define PANEL_HEIGHT 150
#define PANEL_GAP    55
#define TOP	     60
/* More dots than this only make the file large: every n-th is drawn. */
#define DOTS	     4000

static const char *const colours[VMSYNC_METHOD_COUNT] = {
	[VMSYNC_METHOD_EXACT] = "#1a7f37",  [VMSYNC_METHOD_PAIR] = "#0969da",
	[VMSYNC_METHOD_BEACON] = "#bf5700", [VMSYNC_METHOD_PORT] = "#8250df",
	[VMSYNC_METHOD_WINDOW] = "#9a6700",
};

/* One map to draw. */
struct chart {
	FILE *f;
	const struct vmsync_map *map;
	const struct vmsync_legs *legs;
	double top;
	double x0, x1; /* host time, s */
	int64_t end_ns; /* guest time of the last evidence */
};

static struct svg_panel panel(const struct chart *c, int row, const char *unit)
{
	return (struct svg_panel){
		.f = c->f,
		.left = LEFT,
		.top = c->top + row * (PANEL_HEIGHT + PANEL_GAP),
		.width = WIDTH - LEFT - 20,
		.height = PANEL_HEIGHT,
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
	double low = 0, high = 0, margin;
	struct knee *k = knees(c, &low, &high);
	size_t i;

	if (!k)
		return -ENOMEM;
	margin = fmax((high - low) * 0.08, 0.005);
	p.y0 = low - margin;
	p.y1 = high + margin;
	svg_axes(&p, "offset, host minus guest, less a straight line per epoch",
		 false);
	for (i = 0; i < 2 * c->map->count; i++) {
		if (i && k[i].first)
			svg_mark(&p, k[i].x, "#cf222e");
		if (i && !k[i].first)
			svg_line(&p, k[i - 1].x, k[i - 1].y, k[i].x, k[i].y,
				 colours[k[i].method]);
	}
	free(k);
	return 0;
}

static void draw_bound(const struct chart *c)
{
	struct svg_panel p = panel(c, 1, "ns");
	int64_t worst = 1;
	size_t i;

	for (i = 0; i < c->map->count; i++) {
		if (c->map->segments[i].bound_ns > worst)
			worst = c->map->segments[i].bound_ns;
	}
	p.log = true;
	p.y0 = 0.5;
	p.y1 = fmax(100, 2 * (double)worst);
	svg_axes(&p, "guaranteed bound of the error", false);
	for (i = 0; i < c->map->count; i++) {
		const struct vmsync_segment *s = &c->map->segments[i];
		double xa = seconds(c->map, s->guest_start.ns);
		double xb = seconds(c->map, segment_end(c, i) - 1);
		double y = fmax(1, (double)s->bound_ns);

		svg_line(&p, xa, y, xb, y, colours[s->method]);
		if (i)
			svg_line(&p, xa,
				 fmax(1, (double)c->map->segments[i - 1].bound_ns),
				 xa, y, colours[s->method]);
	}
}

static double leg_slack_ns(const struct chart *c, const struct vmsync_leg *leg)
{
	return (double)vmsync_leg_slack_ns(c->map, leg);
}

static void draw_beacons(const struct chart *c)
{
	struct svg_panel p = panel(c, 2, "ns");
	size_t i, step = c->legs->leg.count / DOTS + 1;
	double least = 1e9, most = 1000;

	for (i = 0; i < c->legs->leg.count; i++) {
		double slack;

		if (c->legs->leg.at[i].guest_ns < 0)
			continue;
		slack = leg_slack_ns(c, &c->legs->leg.at[i]);
		most = fmax(most, slack);
		least = fmin(least, slack);
	}
	p.log = true;
	p.y0 = fmax(10, fmin(least, most) / 3);
	p.y1 = 2 * most;
	svg_axes(&p,
		 "beacons: time from guest to host (dark) and back (light); "
		 "red: contradicts the map",
		 true);
	for (i = 0; i < c->legs->leg.count; i += step) {
		const struct vmsync_leg *leg = &c->legs->leg.at[i];
		double y;

		if (leg->guest_ns < 0)
			continue;
		y = leg_slack_ns(c, leg);
		svg_dot(&p, (double)leg->host_ns * 1e-9, y,
			y < 0 ? "#cf222e" : leg->request ? "#24292f" : "#8c959f");
	}
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

static int draw_chart(FILE *f, const struct vmsync_session_guest *g,
		      uint32_t cpu, const struct vmsync_legs *legs, double top)
{
	const struct vmsync_map *map = &vmsync_guest_maps(g->guest)->maps[cpu];
	const struct vmsync_segment *last = &map->segments[map->count - 1];
	struct chart c = { .f = f, .map = map, .legs = legs, .top = top + TOP };
	char title[160];
	int ret;

	c.end_ns = last->guest_end.ns > last->guest_start.ns ?
			   last->guest_end.ns :
			   last->guest_start.ns + 1;
	c.x0 = seconds(map, map->segments[0].guest_start.ns);
	c.x1 = fmax(seconds(map, c.end_ns), c.x0 + 1e-3);
	snprintf(title, sizeof(title), "%s, CPU %u: %zu segment%s",
		 g->machine->name, cpu, map->count, map->count == 1 ? "" : "s");
	svg_text(f, LEFT, top + 22, "start", 16, title);
	legend(f, map, top + 24 + 14);
	ret = draw_offset(&c);
	if (ret)
		return ret;
	draw_bound(&c);
	draw_beacons(&c);
	return 0;
}

/* CPUs whose map is the first one's are not drawn again. */
static bool is_drawn(const struct vmsync_guest_map *gm, uint32_t cpu)
{
	return gm->maps[cpu].count &&
	       (!cpu || !vmsync_maps_alike(&gm->maps[cpu], &gm->maps[0]));
}

static int draw_all(FILE *f, const struct vmsync_session *s,
		    struct ctf_error *e)
{
	const double chart_height = TOP + 3 * (PANEL_HEIGHT + PANEL_GAP);
	double top = 0;
	size_t i;
	uint32_t cpu;
	int ret = 0;

	for (i = 0; i < s->n_guests; i++) {
		const struct vmsync_guest_map *gm =
			vmsync_guest_maps(s->guests[i].guest);

		for (cpu = 0; cpu < gm->vcpus; cpu++)
			top += is_drawn(gm, cpu) ? chart_height : 0;
	}
	svg_begin(f, WIDTH, top);
	top = 0;
	for (i = 0; !ret && i < s->n_guests; i++) {
		const struct vmsync_session_guest *g = &s->guests[i];
		const struct vmsync_guest_map *gm = vmsync_guest_maps(g->guest);
		struct vmsync_legs legs = { 0 };

		ret = vmsync_legs_read(s, g, &legs, e);
		for (cpu = 0; !ret && cpu < gm->vcpus; cpu++) {
			if (!is_drawn(gm, cpu))
				continue;
			ret = draw_chart(f, g, cpu, &legs, top);
			top += chart_height;
		}
		vmsync_legs_free(&legs);
	}
	svg_end(f);
	return ret;
}

int vmsync_plot(const struct vmsync_session *s, const char *path,
		struct ctf_error *e)
{
	char part[4096];
	FILE *f = NULL;
	int fd = -1, ret = -ENAMETOOLONG;

	memset(e, 0, sizeof(*e));
	if ((size_t)snprintf(part, sizeof(part), "%s.part-XXXXXX", path) <
	    sizeof(part)) {
		fd = mkstemp(part);
		f = fd < 0 ? NULL : fdopen(fd, "w");
		ret = f ? 0 : -errno;
	}
	if (!ret)
		ret = draw_all(f, s, e);
	if (!ret && (fflush(f) || fchmod(fd, 0644)))
		ret = -errno;
	if (f && fclose(f) && !ret)
		ret = -errno;
	if (!ret && rename(part, path))
		ret = -errno;
	if (ret && fd >= 0)
		unlink(part);
	return ret && !e->code ? vmsync_fail_file(e, ret, path) : ret;
}
