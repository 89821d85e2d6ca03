// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fuse/chart.h"
#include "fuse/fail.h"
#include "fuse/legs.h"
#include "fuse/plot.h"
#include "fuse/svg.h"

/* Any picture begins as the first line does. */
#define PLOT_BEGINS                                      \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" \
	"<!-- vmsync plot -->\n"

/* CPUs whose map is the first one's are not drawn again. */
static bool is_drawn(const struct vmsync_guest_map *gm, uint32_t cpu)
{
	return gm->maps[cpu].count &&
	       (!cpu || !vmsync_maps_alike(&gm->maps[cpu], &gm->maps[0]));
}

/* Whether a beacon of @cpu is shown beside the map of @drawn: it is its own. */
static bool is_shown(const struct vmsync_guest_map *gm, uint32_t cpu,
		     uint32_t drawn)
{
	return cpu < gm->vcpus && gm->maps[cpu].count &&
	       (cpu == drawn || (!drawn && !is_drawn(gm, cpu)));
}

static int draw_own(FILE *f, const struct vmsync_session_guest *g, uint32_t cpu,
		    const struct vmsync_legs *all, size_t dots, double top)
{
	const struct vmsync_guest_map *gm = vmsync_guest_maps(g->guest);
	struct vmsync_legs own = { 0 };
	int ret = 0;

	for (size_t i = 0; !ret && i < all->leg.count; i++) {
		struct vmsync_leg *leg;

		if (!is_shown(gm, all->leg.at[i].cpu, cpu))
			continue;
		leg = vmsync_array_add(&own.leg);
		if (leg)
			*leg = all->leg.at[i];
		else
			ret = -ENOMEM;
	}
	if (!ret)
		ret = vmsync_chart_draw(f, g, cpu, &own, dots, top);
	vmsync_legs_free(&own);
	return ret;
}

static double guest_height(const struct vmsync_session_guest *g)
{
	const struct vmsync_guest_map *gm = vmsync_guest_maps(g->guest);
	double height = 0;
	uint32_t cpu;

	for (cpu = 0; cpu < gm->vcpus; cpu++)
		height += is_drawn(gm, cpu) ?
				  VMSYNC_CHART_HEIGHT :
				  0;
	return height;
}

/* From @top on; its charts have guest_height() in all. */
static int draw_guest(FILE *f, const struct vmsync_session *s,
		      const struct vmsync_session_guest *g, size_t dots,
		      double top, struct ctf_error *e)
{
	const struct vmsync_guest_map *gm = vmsync_guest_maps(g->guest);
	struct vmsync_legs legs = { 0 };
	uint32_t cpu;
	int ret = vmsync_legs_read(s, g, &legs, e);

	for (cpu = 0; !ret && cpu < gm->vcpus; cpu++) {
		if (!is_drawn(gm, cpu))
			continue;
		ret = draw_own(f, g, cpu, &legs, dots, top);
		top += VMSYNC_CHART_HEIGHT;
	}
	vmsync_legs_free(&legs);
	return ret;
}

int vmsync_plot_guest(FILE *f, const struct vmsync_session *s, size_t guest,
		      size_t dots, const char *attributes, struct ctf_error *e)
{
	const struct vmsync_session_guest *g = &s->guests[guest];
	int ret;

	memset(e, 0, sizeof(*e));
	svg_begin(f, VMSYNC_CHART_WIDTH, guest_height(g), attributes);
	ret = draw_guest(f, s, g, dots, 0, e);
	svg_end(f);
	return ret;
}

const struct vmsync_kind vmsync_kind_plot = {
	.name = "plot",
	.begins = PLOT_BEGINS,
	.option = "--plot",
};

static int draw_all(FILE *f, void *session, struct ctf_error *e)
{
	const struct vmsync_session *s = session;
	double top = 0;
	size_t i;
	int ret = 0;

	for (i = 0; i < s->n_guests; i++)
		top += guest_height(&s->guests[i]);
	fputs(PLOT_BEGINS, f);
	svg_begin(f, VMSYNC_CHART_WIDTH, top, "xmlns=\"http://www.w3.org/2000/svg\"");
	top = 0;
	for (i = 0; !ret && i < s->n_guests; i++) {
		ret = draw_guest(f, s, &s->guests[i], VMSYNC_PLOT_DOTS, top, e);
		top += guest_height(&s->guests[i]);
	}
	svg_end(f);
	return ret;
}

int vmsync_plot(struct vmsync_session *s, const char *path, struct ctf_error *e)
{
	return vmsync_replace(path, &vmsync_kind_plot, draw_all, s, e);
}
