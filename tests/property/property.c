// SPDX-License-Identifier: MIT
/*
 * property TOOL CARVE FOLDER FIRST N: N random recordings, by the seeds from FIRST
 * on, made in FOLDER, given to the tool, and held against what is true:
 *
 *	- every event that was recorded is written once, and no other;
 *	- no stamp is farther from the truth than the bound of the map there, nor
 *	  than what is printed of the guest
 *	  (outside the evidence that is so unless a clock is set there, which nobody
 *	  can know);
 *	- nothing accuses a guest, or says that it was moved: all are honest and stay;
 *	- exit status 0 only where all that was recorded is written, and known as well
 *	  as is said in the first line;
 *	- a guest may be left out, or a recording refused, but rarely: they are
 *	  counted by reason.
 *
 * Shapes that are known to fail are passed over, but not with PROPERTY_ALL in the
 * environment. With PROPERTY_BARE nothing of vmsync is recorded in any case. The recordings of cases that fail stay where they are. Exit status 0 if none
 * does, 1 if some do, 2 for trouble.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"
#include "run.h"
#include "seen.h"
#include "shape.h"
#include "world.h"

#define MAX_PATH 4096
#define MAX_REASONS 32

/*
 * Where a clock is set and no more of the guest's events are left, window alone cannot
 * tell it: one of them lies beyond the host's record, and the other is in a run by
 * chance. A larger value leaves more unjudged.
 */
#define FEW_TOLD 2

static const char *tool, *carve, *folder;
static struct shape shape;
static struct sim_world world;
static struct seen recorded[1 + SIM_MAX_GUESTS]; /* by machine */
static char dir[MAX_PATH];
static bool failed;

static struct {
	char text[128];
	uint64_t n;
} reasons[MAX_REASONS];

static void fail(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static void fail(const char *format, ...)
{
	va_list ap;

	if (!failed)
		shape_print(&shape);
	failed = true;
	va_start(ap, format);
	printf("  FAIL ");
	vprintf(format, ap);
	putchar('\n');
	va_end(ap);
}

static void die(const char *what)
{
	fprintf(stderr, "property: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void path_of(char *path, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void path_of(char *path, const char *format, ...)
{
	int n = snprintf(path, MAX_PATH, "%s/", dir);
	va_list ap;

	va_start(ap, format);
	vsnprintf(path + n, (size_t)(MAX_PATH - n), format, ap);
	va_end(ap);
}

/* Why something was not written, without the names in it. */
static void reason(const char *text)
{
	const char *from = strrchr(text, '/');
	size_t i, len;

	from = from ? strchr(from, ' ') : text;
	from = from ? from : text;
	len = strcspn(from, ";\n");
	for (i = 0; i < MAX_REASONS - 1 && reasons[i].n; i++)
		if (!strncmp(reasons[i].text, from, len))
			break;
	snprintf(reasons[i].text, sizeof(reasons[i].text), "%.*s", (int)len,
		 from);
	reasons[i].n++;
}

/* ------------------------------------------------------------------ making */

static const char *machine_name(int machine)
{
	static char name[16];

	if (!machine)
		return "host";
	snprintf(name, sizeof(name), "g%d", machine - 1);
	return name;
}

static void make_world(void)
{
	char path[MAX_PATH];

	sim_world_build(&world, &shape.sc, shape.seed);
	for (int i = 1; shape.plan.clones && i < world.guest_count; i++)
		world.guests[i].vm_uid = world.guests[0].vm_uid;
	path_of(path, "whole");
	if (mkdir(path, 0755))
		die(path);
	shape.plan.folder = path;
	record_world(&world, &shape.plan);
}

/* @machine's traces as they were recorded, in in/NAME. */
static void make_cut(int machine)
{
	const struct shape_cut *c = &shape.cut[machine];
	const char *name = machine_name(machine);
	char from[MAX_PATH], to[MAX_PATH], log[MAX_PATH], other[MAX_PATH];
	char *argv[SHAPE_STEPS + 4] = {(char *)carve, from, to};

	path_of(from, "whole/%s", name);
	path_of(to, "in/%s", name);
	path_of(log, "carve.log");
	if (!c->n) {
		if (rename(from, to))
			die(from);
	} else {
		for (int i = 0; i < c->n; i++)
			argv[3 + i] = (char *)c->step[i];
		if (run(argv, log, log))
			die(log);
	}
	path_of(other, "kept-%s", name);
	if (c->links && files_link(to, other))
		die(to);
	path_of(other, "real-%s", name);
	if (c->linked && (rename(to, other) || symlink(other, to)))
		die(to);
}

static void make(void)
{
	char path[MAX_PATH];

	snprintf(dir, sizeof(dir), "%s/%" PRIu64, folder, shape.seed);
	if (mkdir(dir, 0755))
		die(dir);
	path_of(path, "in");
	if (mkdir(path, 0755))
		die(path);
	make_world();
	for (int i = 0; i <= shape.sc.guests; i++)
		make_cut(i);
}

/* ----------------------------------------------------------------- running */

static int run_tool(const char *command, const char *option, const char *value,
		    const char *name)
{
	char in[1 + SIM_MAX_GUESTS][MAX_PATH], out[MAX_PATH], err[MAX_PATH];
	/* Threads cost a quarter of the time here: only some cases have them. */
	const char *jobs = shape.seed % 4 ? "-j1" : "-j2";
	char *argv[8 + SIM_MAX_GUESTS] = {(char *)tool, (char *)command,
					  (char *)jobs, (char *)option,
					  (char *)value};
	int n = value ? 5 : 4, machines = shape.sc.guests + 1;

	for (int i = 0; i < machines; i++) {
		path_of(in[i], "in/%s",
			machine_name((shape.first + i) % machines));
		argv[n++] = in[i];
	}
	path_of(out, "%s.out", name);
	path_of(err, "%s.err", name);
	return run(argv, out, err);
}

/* ---------------------------------------------------------------- checking */

/* What fuse printed of a guest. */
struct said {
	char written[256]; /* folder, below the experiment */
	int64_t bound_ns;
	uint64_t outside;
};

/* The guests that fuse wrote, in its order, which is that of the maps. */
static int read_said(struct said *said)
{
	char path[MAX_PATH], line[MAX_PATH], *p;
	int written = 0, told = 0;
	FILE *f;

	path_of(path, "fuse.out");
	f = fopen(path, "r");
	if (!f)
		die(path);
	while (fgets(line, sizeof(line), f)) {
		p = strstr(line, "/guest-");
		if (p && strstr(p, " events")) {
			p[1 + strcspn(p + 1, "/ ")] = '\0';
			if (written && !strcmp(said[written - 1].written, p + 1))
				continue;
			snprintf(said[written++].written,
				 sizeof(said->written), "%.255s", p + 1);
		}
		p = strstr(line, " events inside their vCPU's time, ");
		if (!p)
			continue;
		sscanf(p, " events inside their vCPU's time, %" SCNu64,
		       &said[told].outside);
		p = strstr(line, ": error at most ");
		said[told].bound_ns = INT64_MAX; /* "no bound" */
		if (p)
			sscanf(p, ": error at most %" SCNd64,
			       &said[told].bound_ns);
		told++;
	}
	fclose(f);
	if (written != told)
		fail("fuse wrote %d guests and told of %d", written, told);
	return told;
}

/* Each event of the machine that was recorded is in @out once. */
static void check_events(int machine, const struct seen *out)
{
	const struct seen *in = &recorded[machine];
	uint64_t i, lost = 0, doubled = 0, strange = 0;

	for (i = 0; i < in->n || i < out->n; i++) {
		bool was = i < in->n && in->times[i];
		unsigned int is = i < out->n ? out->times[i] : 0;

		lost += was && !is;
		doubled += was && is > 1;
		strange += !was && is;
	}
	if (lost || doubled || strange)
		fail("%s: %" PRIu64 " events lost, %" PRIu64 " doubled, %" PRIu64
		     " of another machine",
		     machine_name(machine), lost, doubled, strange);
}

/* Whose events they are: any of them tells. */
static int machine_of(const struct seen *out)
{
	for (int m = 0; m <= shape.sc.guests; m++)
		for (uint64_t i = 0; i < recorded[m].n && i < out->n; i++)
			if (recorded[m].times[i] && out->times[i])
				return m;
	return -1;
}

/* The serial number of a machine's event number @n, from the first or the last one on. */
static uint64_t serial_of(const struct seen *s, unsigned int n, bool last)
{
	uint64_t at = 0;

	for (uint64_t i = 0; i < s->n; i++) {
		at = last ? s->n - 1 - i : i;
		if (s->times[at] && !n--)
			break;
	}
	return at;
}

/* Whose the events in @path are, 0: of no guest; which of them tell of a set clock. */
static int guest_of(const char *path, struct seen *out, struct ctf_error *e)
{
	struct seen all = { 0 };
	int ret = seen_read(&all, path, NULL, e);
	int machine = ret ? 0 : machine_of(&all);

	seen_free(&all);
	if (machine < 1)
		return ret;
	out->told_from = serial_of(&recorded[machine], FEW_TOLD, false);
	out->told_until = serial_of(&recorded[machine], FEW_TOLD, true);
	return machine;
}

/*
 * A kernel that is held up in an update of its clock tells of it when that is over. If
 * its recording ends before, what others read on the new line is like what they would
 * have read on the old one, off by some ns, and nothing tells (accuracy.rst).
 */
static int64_t untold_from(const struct sim_kernel *k, const struct seen *recording)
{
	size_t hint = 0;

	for (size_t i = 0; i < k->count; i++) {
		const struct sim_change *c = &k->changes[i];
		int64_t at_ns = sim_host_mono(&world, c->at, &hint);

		if (at_ns <= recording->last_ns &&
		    sim_host_mono(&world, c->confirm, &hint) > recording->last_ns)
			return at_ns;
	}
	return INT64_MAX;
}

static void check_guest(const struct said *said,
			const struct vmsync_guest_map *maps)
{
	struct seen out = { .inside_only = shape_steps(&shape),
			    .untold_from_ns = INT64_MAX };
	struct ctf_error e;
	char path[MAX_PATH];
	int64_t host_ns;
	int machine;

	path_of(path, "out/%s", said->written);
	machine = guest_of(path, &out, &e);
	if (machine > 0) {
		host_ns = untold_from(&world.host, &recorded[0]);
		out.untold_from_ns = untold_from(&world.guests[machine - 1].kernel,
						 &recorded[machine]);
		if (host_ns < out.untold_from_ns)
			out.untold_from_ns = host_ns;
	}
	if (machine < 0 || seen_read(&out, path, maps, &e)) {
		fail("%s: cannot be read: %s", said->written, e.msg);
		return;
	}
	if (!machine)
		fail("%s: of no guest", said->written);
	else
		check_events(machine, &out);
	if (out.beyond)
		fail("%s: %" PRIu64 " of %" PRIu64 " events beyond the map's "
		     "bound, the worst by %" PRId64 " ns (%s, serial %" PRIu64 ")",
		     said->written, out.beyond, out.events, out.beyond_ns,
		     vmsync_method_name(out.beyond_by), out.beyond_at);
	if (out.worst_ns > said->bound_ns)
		fail("%s: an event is %" PRId64 " ns off; said were %" PRId64,
		     said->written, out.worst_ns, said->bound_ns);
	if (said->outside)
		fail("%s: %" PRIu64 " events outside their vCPU's time",
		     said->written, said->outside);
	seen_free(&out);
}

static void check_host(void)
{
	struct seen out = { 0 };
	struct ctf_error e;
	char path[MAX_PATH];

	path_of(path, "out/host-host");
	if (seen_read(&out, path, NULL, &e))
		fail("host-host: cannot be read: %s", e.msg);
	else
		check_events(0, &out);
	seen_free(&out);
}

/* What sync says of honest guests. */
static void check_report(void)
{
	static const char *const accusations[] = {
		"\"suspect\": true", "SUSPECT",
	};
	char path[MAX_PATH], *text;
	size_t n;
	FILE *f;

	path_of(path, "sync.out");
	f = fopen(path, "r");
	if (!f)
		die(path);
	text = calloc(1, 1 << 22);
	n = fread(text, 1, (1 << 22) - 1, f);
	fclose(f);
	text[n] = '\0';
	for (size_t i = 0; i < sizeof(accusations) / sizeof(*accusations); i++)
		if (strstr(text, accusations[i]))
			fail("sync: an honest guest is accused: %s",
			     accusations[i]);
	for (const char *p = text; (p = strstr(p, "\"causality_violations\": "));
	     p += 20)
		if (atoi(p + 24))
			fail("sync: %d beacons violate causality", atoi(p + 24));
	for (const char *p = text; (p = strstr(p, "\"disagreements\": ["));
	     p += 18)
		if (p[18] != ']')
			fail("sync: methods disagree: %.120s", p + 18);
	for (const char *p = text; (p = strstr(p, "\"moves\": [")); p += 10)
		if (p[10] != ']')
			fail("sync: a guest is said to have moved: %.120s",
			     p + 10);
	free(text);
}

static void first_line(const char *name, char *line, size_t size)
{
	char path[MAX_PATH];
	FILE *f;

	path_of(path, "%s", name);
	f = fopen(path, "r");
	if (!f || !fgets(line, (int)size, f))
		line[0] = '\0';
	if (f)
		fclose(f);
}

/* Which guest a message about a trace is about; 0: about no single one. */
static int guest_in(const char *line)
{
	const char *in = strstr(line, "/in/g");

	return in ? 1 + atoi(in + strlen("/in/g")) : 0;
}

/*
 * One half of one beacon says that the guest's clock was not behind the host's then,
 * or not ahead; halves of two do not show that it was not set in between. Whose
 * recordings have no whole beacon in common, as they show themselves, may be refused.
 */
static bool too_little(const char *line)
{
	int guest = guest_in(line);

	return guest && guest <= shape.sc.guests &&
	       !seen_common(&recorded[guest], &recorded[0]);
}

/*
 * Without any beacon it may be that nothing can be found out. With beacons there is
 * no excuse, unless host and guest were recorded at different times, or have but
 * one moment in common. PROPERTY_SHOW in the environment shows each case.
 */
static void refused(const char *line)
{
	bool apart = shape.gaps && strstr(line, "answered none of its beacons");

	if (shape.plan.beacons && !apart && !too_little(line))
		fail("refused, with beacons: %.*s", (int)strcspn(line, "\n"),
		     line);
	if (getenv("PROPERTY_SHOW")) {
		shape_print(&shape);
		printf("  refused: %s", line);
	}
	reason(line);
}

/* Every line of stderr that says that a guest was left out. */
static void count_left_out(void)
{
	char path[MAX_PATH], line[MAX_PATH];
	FILE *f;

	path_of(path, "fuse.err");
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		if (strstr(line, "LEFT OUT"))
			refused(line);
	if (f)
		fclose(f);
}

static void check_fused(int status)
{
	struct said said[SIM_MAX_GUESTS] = { 0 };
	struct vmsync_guest_map *maps = NULL;
	char path[MAX_PATH], why[256] = "";
	size_t n = 0;
	int told = read_said(said);
	FILE *f;

	path_of(path, "out/vmsync-map.json");
	f = fopen(path, "r");
	if (!f || vmsync_map_load(f, &maps, &n, why, sizeof(why)))
		fail("the map cannot be read: %s", why);
	else if (n != (size_t)told)
		fail("%zu maps for %d guests", n, told);
	if (f)
		fclose(f);
	for (size_t i = 0; i < n && i < (size_t)told; i++)
		check_guest(&said[i], &maps[i]);
	check_host();
	if (!status && told != shape.sc.guests)
		fail("exit status 0, and %d of %d guests were written", told,
		     shape.sc.guests);
	count_left_out();
	for (size_t i = 0; i < n; i++)
		vmsync_guest_map_free(&maps[i]);
	free(maps);
}

static void one(void)
{
	char out[MAX_PATH], line[MAX_PATH];
	struct ctf_error e;
	struct stat st;
	int fused, synced;

	failed = false;
	make();
	for (int m = 0; m <= shape.sc.guests; m++) {
		path_of(line, "in/%s", machine_name(m));
		if (seen_read(&recorded[m], line, NULL, &e))
			fail("%s: cannot be read: %s", line, e.msg);
	}
	path_of(out, "out");
	fused = run_tool("fuse", "-o", out, "fuse");
	synced = run_tool("sync", "--json", NULL, "sync");
	if (fused > 2 || synced > 2)
		fail("exit status %d of fuse, %d of sync", fused, synced);
	if (fused != synced)
		fail("exit status %d of fuse, %d of sync", fused, synced);
	first_line("fuse.err", line, sizeof(line));
	if (!stat(out, &st)) {
		check_fused(fused);
	} else if (fused == 2 || (fused == 1 && !shape.plan.beacons)) {
		/* From events alone a map may be found, and found wrong. */
		refused(line);
	} else {
		fail("fuse wrote nothing, exit status %d: %s", fused, line);
	}
	if (fused < 2)
		check_report();
	for (int m = 0; m <= shape.sc.guests; m++)
		seen_free(&recorded[m]);
	sim_world_free(&world);
	if (!failed && files_remove(dir))
		die(dir);
}

int main(int argc, char **argv)
{
	uint64_t first, n, bad = 0, held = 0;

	if (argc != 6) {
		fprintf(stderr, "usage: property TOOL CARVE FOLDER FIRST N\n");
		return 2;
	}
	tool = argv[1];
	carve = argv[2];
	folder = argv[3];
	first = strtoull(argv[4], NULL, 0);
	n = strtoull(argv[5], NULL, 0);
	for (uint64_t i = 0; i < n; first++) {
		const char *why;

		shape_make(&shape, first);
		why = shape_held(&shape);
		if (why && !getenv("PROPERTY_ALL")) {
			held++;
			continue;
		}
		one();
		i++;
		if (!failed)
			continue;
		bad++;
		printf("  repeat: %s %s %s FOLDER %" PRIu64 " 1\n", argv[0],
		       tool, carve, shape.seed);
		fflush(stdout);
	}
	if (held)
		printf("held back, %" PRIu64 " times: see shape.c\n", held);
	for (int i = 0; i < MAX_REASONS && reasons[i].n; i++)
		printf("not written, %" PRIu64 " times:%s\n", reasons[i].n,
		       reasons[i].text);
	printf("%" PRIu64 " passed, %" PRIu64 " failed\n", n - bad, bad);
	return bad != 0;
}
