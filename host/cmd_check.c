// SPDX-License-Identifier: MIT
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "fuse/covered.h"
#include "fuse/fail.h"
#include "fuse/verify.h"
#include "fuse/witness.h"

static const char help[] =
"usage: vmsync check --map=FILE [OPTION]... TRACE...\n"
"\n"
"Holds maps that vmsync sync -o saved, or that somebody else made, against the\n"
"traces: the map that each method makes of them, the causality of every beacon,\n"
"and the containment of every guest event.\n"
"\n"
"  -m, --map=FILE      the maps\n"
CMD_SESSION_HELP
"  -h, --help          this text\n"
"\n"
"Exit status: 0 the witnesses agree and the map has evidence for all events, 1\n"
"not so, or a guest could not be mapped and was left out, 2 it could not be\n"
"done.\n";

struct maps {
	struct vmsync_guest_map *gm;
	size_t n;
};

static int maps_load(const char *path, struct maps *maps, struct ctf_error *e)
{
	FILE *f = fopen(path, "r");
	char why[256] = "";
	int ret;

	if (!f)
		return vmsync_fail_file(e, -errno, path);
	ret = vmsync_map_load(f, &maps->gm, &maps->n, why, sizeof(why));
	if (ret && ferror(f)) {
		ret = vmsync_fail_file(e, -errno, path);
		fclose(f);
		return ret;
	}
	fclose(f);
	if (ret)
		return vmsync_fail(e, ret, "vmsync sync -o makes such a file",
				   "%.200s: %s", path,
				   why[0] ? why : strerror(-ret));
	return 0;
}

static void maps_free(struct maps *maps)
{
	size_t i;

	for (i = 0; i < maps->n; i++)
		vmsync_guest_map_free(&maps->gm[i]);
	free(maps->gm);
}

/* How far a saved map is from the one just made, halfway through that. */
static int64_t apart(const struct vmsync_guest_map *saved,
		     const struct vmsync_session_guest *g)
{
	const struct vmsync_map *a = vmsync_guest_map_of(saved, 0);
	const struct vmsync_map *b =
		vmsync_guest_map_of(vmsync_guest_maps(g->guest), 0);
	guest_time t;
	int64_t d;

	if (!a || !b)
		return INT64_MAX;
	t.ns = b->segments[0].guest_start.ns / 2 +
	       b->segments[b->count - 1].guest_end.ns / 2;
	d = vmsync_map_eval(a, t).ns - vmsync_map_eval(b, t).ns;
	return d < 0 ? -d : d;
}

/*
 * By the clock's uuid, which is new at each boot. Clones of one memory snapshot
 * share it: then the nearest is meant.
 */
static const struct vmsync_guest_map *
maps_find(const struct maps *maps, const struct vmsync_session_guest *g)
{
	const struct vmsync_guest_map *found = NULL;
	size_t i;

	for (i = 0; i < maps->n; i++) {
		const struct vmsync_guest_map *gm = &maps->gm[i];

		if (!gm->clock_uuid ||
		    strcmp(gm->clock_uuid, g->machine->clock_uuid))
			continue;
		if (!found || apart(gm, g) < apart(found, g))
			found = gm;
	}
	return found;
}

static void print_verdict(const struct vmsync_session_guest *g,
			  const struct vmsync_verdict *v)
{
	const struct vmsync_contain_result *c = &g->contain;
	int m;

	printf("guest %s\n", g->machine->name);
	for (m = 0; m < VMSYNC_METHOD_COUNT; m++) {
		if (!v->compared[m])
			continue;
		printf("  %-11s differs by at most %" PRId64 " ns",
		       vmsync_method_name((enum vmsync_method)m),
		       v->difference_ns[m]);
		if (v->excess_ns[m])
			printf(", CONTRADICTS: %" PRId64
			       " ns more than both bounds",
			       v->excess_ns[m]);
		putchar('\n');
	}
	printf("  causality   %" PRIu64 " checked, %" PRIu64 " violations",
	       v->causal_checked, v->causal_violations);
	if (v->causal_violations)
		printf(", by up to %" PRId64 " ns", v->causal_worst_ns);
	printf("\n  containment %" PRIu64 " events: %" PRIu64
	       " inside, %" PRIu64 " outside, %" PRIu64 " not decidable\n",
	       g->events, c->inside - c->edge, c->outside,
	       c->undecidable + c->edge);
	vmsync_covered_text(stdout, g);
}

/* The maps of a file. */
struct saved {
	const char *path;
	struct maps maps;
};

/* Return: 0 all agrees, EXIT_FOUND, or a negative errno. */
static int verify_all(struct vmsync_session *s, void *arguments,
		      struct ctf_error *e)
{
	const struct saved *saved = arguments;
	bool agrees = true;
	size_t i;
	int ret;

	for (i = 0; i < s->n_guests; i++) {
		struct vmsync_session_guest *g = &s->guests[i];

		g->maps = maps_find(&saved->maps, g);
		if (!g->maps || !vmsync_guest_map_of(g->maps, 0))
			return vmsync_fail(
				e, -EINVAL,
				"name the traces that it was made from",
				"%.200s: has no map of %s", saved->path,
				g->machine->name);
	}
	ret = vmsync_session_contain(s, cmd_progress(), e);
	for (i = 0; !ret && i < s->n_guests; i++) {
		struct vmsync_verdict v;

		ret = vmsync_verify(s, &s->guests[i], &v, e);
		if (ret)
			break;
		cmd_progress_end();
		print_verdict(&s->guests[i], &v);
		agrees &= vmsync_verdict_agrees(&v) &&
			  !s->guests[i].contain.outside &&
			  vmsync_guest_covered(&s->guests[i]);
	}
	return ret ? ret : agrees ? 0 : EXIT_FOUND;
}

struct arguments {
	struct cmd_session session;
	const char *map;
};

static int check(char *const *argv, const struct arguments *args)
{
	struct saved saved = { .path = args->map };
	struct ctf_error e;
	int ret = maps_load(args->map, &saved.maps, &e);

	if (ret < 0)
		ret = cmd_error("check", &e);
	else
		ret = cmd_session_run("check", argv, &args->session, verify_all,
				      &saved);
	maps_free(&saved.maps);
	return ret;
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	if (option != 'm')
		return cmd_session_option("check", option, value,
					  &args->session);
	args->map = value;
	return 0;
}

int cmd_check(int argc, char **argv)
{
	static const struct option table[] = {
		{ "map", required_argument, NULL, 'm' },
		CMD_SESSION_OPTIONS,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"check", help, ":m:j:h", table, take,
	};
	struct arguments args = { 0 };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	if (!args.map)
		return cmd_usage_error("check", "no map: --map=FILE is needed");
	ret = check(argv + optind, &args);
	vmsync_exchange_free(&args.session.exchange);
	return ret;
}
