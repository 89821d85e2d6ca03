// SPDX-License-Identifier: MIT
/* A session of what vmsync fuse wrote. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuse/earlier.h"
#include "fuse/experiment.h"
#include "fuse/fail.h"
#include "fuse/places.h"

/* Take the last folder off @path: where its name begins, or NULL. */
static const char *up(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash)
		return NULL;
	*slash = '\0';
	return slash + 1;
}

static bool has_file(const char *dir)
{
	char path[4096 + 256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/" VMSYNC_EXPERIMENT_FILE, dir);
	return !stat(path, &st) && S_ISREG(st.st_mode);
}

/* A machine's only trace lies in its folder, several lie in folders of that. */
bool vmsync_experiment_place(const struct ctf_trace *t,
			     struct vmsync_experiment_place *place)
{
	char *path = realpath(ctf_trace_path(t), NULL);
	const char *name;
	bool found = false;
	int level;

	for (level = 0; path && !found && level < 2; level++) {
		name = up(path);
		if (!name || strlen(path) >= sizeof(place->dir) ||
		    strlen(name) >= sizeof(place->folder))
			break;
		found = has_file(path);
		if (found) {
			strcpy(place->dir, path);
			strcpy(place->folder, name);
		}
	}
	free(path);
	return found;
}

int vmsync_experiment_known(const struct ctf_trace *t, bool *known,
			    struct ctf_error *e)
{
	struct vmsync_experiment_place place;

	*known = vmsync_experiment_place(t, &place);
	/* Other signs than this one may also be those of another clock. */
	if (*known || !ctf_trace_env(t, VMSYNC_EARLIER_KEY))
		return 0;
	return vmsync_fail(
		e, -ENOENT,
		"run vmsync fuse again, or name the traces that it "
		"was made from",
		"%.300s: vmsync fuse has written it, and above it is "
		"no " VMSYNC_EXPERIMENT_FILE ", which says what was known then",
		ctf_trace_path(t));
}

struct vmsync_experiment_guest *
vmsync_experiment_guest(const struct vmsync_experiment *x, const char *folder)
{
	size_t i;

	for (i = 0; i < x->guests.count; i++) {
		if (!strcmp(x->guests.at[i].folder, folder))
			return &x->guests.at[i];
	}
	return NULL;
}

int vmsync_experiment_maps(struct vmsync_experiment *x, const char *dir,
			   struct ctf_error *e)
{
	char path[4096 + 256], why[256] = "";
	struct vmsync_guest_map *gm = NULL;
	size_t n = 0, i;
	FILE *f;
	int ret;

	snprintf(path, sizeof(path), "%s/vmsync-map.json", dir);
	f = fopen(path, "re");
	if (!f)
		return vmsync_fail_file(e, -errno, path);
	ret = vmsync_map_load(f, &gm, &n, why, sizeof(why));
	fclose(f);
	if (!ret && n != x->guests.count) {
		ret = -EINVAL;
		snprintf(why, sizeof(why),
			 "has maps of other guests "
			 "than " VMSYNC_EXPERIMENT_FILE);
	}
	for (i = 0; i < n; i++) {
		if (ret)
			vmsync_guest_map_free(&gm[i]);
		else
			x->guests.at[i].maps = gm[i];
	}
	free(gm);
	if (ret)
		return vmsync_fail(e, ret,
				   "run vmsync fuse again, or name the traces "
				   "that it was made from",
				   "%.300s: %s", path,
				   why[0] ? why : strerror(-ret));
	for (i = 0; i < n; i++) {
		struct vmsync_experiment_guest *g = &x->guests.at[i];

		if (vmsync_guest_report_bounds(&g->report, &g->maps))
			return vmsync_fail_memory(e);
	}
	return 0;
}

static int other_place(const struct vmsync_machine *m, struct ctf_error *e)
{
	return vmsync_fail(
		e, -EINVAL,
		"name the folder that vmsync fuse wrote, as it wrote "
		"it",
		"%.400s: no part of the experiment that the others "
		"are of",
		ctf_trace_path(m->traces[0]));
}

/*
 * A second host, which was put on the first one's clock, may be looked at by itself. What
 * the file says of threads is of the first one.
 */
static bool is_other_host(struct vmsync_session *s,
			  struct vmsync_machine **of_guest)
{
	struct vmsync_experiment *x = s->experiment;
	size_t i;

	if (s->machines.n != 1 || !s->alone ||
	    s->machines.machine[0].side != VMSYNC_SIDE_HOST)
		return false;
	s->host = &s->machines.machine[0];
	for (i = 0; i < x->guests.count; i++)
		of_guest[i] = NULL;
	x->entered.count = 0;
	return true;
}

/* Whose the machines are, by the folders that they lie in. */
static int machines_sort(struct vmsync_session *s,
			 const struct vmsync_experiment_place *first,
			 struct vmsync_machine **of_guest, struct ctf_error *e)
{
	const struct vmsync_experiment *x = s->experiment;
	struct vmsync_experiment_place place;
	size_t i;

	for (i = 0; i < s->machines.n; i++) {
		struct vmsync_machine *m = &s->machines.machine[i];
		const struct vmsync_experiment_guest *g;

		if (!vmsync_experiment_place(m->traces[0], &place) ||
		    strcmp(place.dir, first->dir))
			return other_place(m, e);
		g = vmsync_experiment_guest(x, place.folder);
		if (g)
			of_guest[g - x->guests.at] = m;
		else if (!strcmp(place.folder, x->host))
			s->host = m;
		else
			return other_place(m, e);
	}
	if (s->host || is_other_host(s, of_guest))
		return 0;
	return vmsync_fail(
		e, -EINVAL, "name the whole of it",
		"%.300s: the host's trace, %.60s, is not among those "
		"named",
		first->dir, x->host);
}

static int guests_take(struct vmsync_session *s,
		       struct vmsync_machine *const *of_guest,
		       struct ctf_error *e)
{
	struct vmsync_experiment *x = s->experiment;
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < x->guests.count; i++) {
		struct vmsync_session_guest *g = &s->guests[s->n_guests];

		if (!of_guest[i])
			continue;
		g->machine = of_guest[i];
		g->maps = &x->guests.at[i].maps;
		g->report = &x->guests.at[i].report;
		g->mapped = !x->guests.at[i].kept;
		ret = vmsync_place_find(g, e);
		s->n_guests++;
	}
	return ret;
}

/* The machine that each guest of the file is, NULL: not named. */
static int roles_find(struct vmsync_session *s,
		      const struct vmsync_experiment_place *first,
		      struct ctf_error *e)
{
	struct vmsync_machine **of_guest =
		calloc(s->experiment->guests.count + 1, sizeof(*of_guest));
	int ret;

	s->guests = calloc(s->machines.n + 1, sizeof(*s->guests));
	if (of_guest && s->guests)
		ret = machines_sort(s, first, of_guest, e);
	else
		ret = vmsync_fail_memory(e);
	if (!ret)
		ret = guests_take(s, of_guest, e);
	free(of_guest);
	return ret;
}

int vmsync_experiment_open(struct vmsync_session *s, struct ctf_error *e)
{
	struct vmsync_experiment_place first;
	const struct vmsync_machine *m = &s->machines.machine[0];
	int ret;

	if (!vmsync_experiment_place(m->traces[0], &first))
		return other_place(m, e);
	ret = vmsync_experiment_load(first.dir, &s->experiment, e);
	if (!ret)
		ret = vmsync_experiment_maps(s->experiment, first.dir, e);
	if (!ret)
		ret = roles_find(s, &first, e);
	if (ret)
		return ret;
	/* The session has them now. */
	s->entered.at = s->experiment->entered.at;
	s->entered.count = s->experiment->entered.count;
	s->entered.capacity = s->experiment->entered.capacity;
	s->experiment->entered.at = NULL;
	return 0;
}

/* Of a machine's own folder: the host's clock is what all are on. */
int vmsync_experiment_bound(const struct vmsync_experiment *x,
			    const char *folder, int64_t ns, int64_t *bound_ns)
{
	const struct vmsync_experiment_guest *g =
		vmsync_experiment_guest(x, folder);
	const struct vmsync_map *map;
	host_time at = { ns };

	*bound_ns = 0;
	if (!strcmp(x->host, folder))
		return 0;
	map = g && !g->kept ? vmsync_guest_map_of(&g->maps, UINT32_MAX) : NULL;
	if (!map)
		return -ENOENT;
	*bound_ns = vmsync_map_bound_ns(map, vmsync_map_inverse(map, at), NULL);
	return *bound_ns >= VMSYNC_BOUND_NONE ? -ENOENT : 0;
}
