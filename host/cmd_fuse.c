// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd.h"
#include "fuse/covered.h"
#include "fuse/fuse.h"
#include "fuse/keep.h"
#include "fuse/offsets.h"
#include "fuse/print.h"
#include "fuse/report.h"
#include "hosts/hosts.h"
#include "sync/map/map.h"

static const char help[] =
"usage: vmsync fuse -o OUT [OPTION]... TRACE...\n"
"\n"
"Writes an experiment into the new folder OUT: the host's traces as they are,\n"
"each guest's rewritten into host time. babeltrace2, Trace Compass and others\n"
"read it as one, with no further synchronization. TRACE is a CTF trace, or a\n"
"folder that holds some.\n"
"\n"
"  -o, --output=OUT    the folder to make; it appears when all is right\n"
"  -f, --force         write it even where the witnesses contradict the map\n"
"  -l, --link          do not copy files that stay as they are but link them\n"
"                      (hard links): fast and takes no space; what changes one\n"
"                      changes both\n"
"      --keep-within=NS  of a guest that stamps with its host's clock\n"
"                      (vmsync-clock) change the metadata only, where no stamp is\n"
"                      off by more than NS ns: that much less exact, and faster\n"
"      --json          print what was found and written as JSON\n"
CMD_SESSION_HELP
"  -h, --help          this text\n"
"\n"
"Exit status: 0 written; 1 the witnesses contradict the map: not written\n"
"without --force; or written, but a guest could not be mapped and was left out,\n"
"or some events lie outside the evidence and are known less well (vmsync sync\n"
"says more); 2 it could not be done.\n"
"\n"
"  vmsync fuse -o fused ~/lttng-traces/host-20260101 guest-traces/\n"
"  babeltrace2 fused\n";

struct arguments {
	struct cmd_session session;
	const char *output;
	struct vmsync_fuse_options fuse;
	bool json;
};

static void strange(const struct vmsync_session_guest *g)
{
	size_t i;

	for (i = 0; i < g->machine->n; i++) {
		if (!vmsync_trace_is_strange(g, i))
			continue;
		fputs("vmsync fuse: ", stderr);
		print_clean(stderr, ctf_trace_path(g->machine->traces[i]));
		fputs(": no event of it is near the evidence of its machine: "
		      "was it recorded at another time, or by a process in a "
		      "time namespace?\n",
		      stderr);
	}
}

static void error_at_most(int64_t bound_ns)
{
	if (bound_ns < VMSYNC_BOUND_NONE)
		fputs("error at most ", stdout);
	print_whole_ns(stdout, bound_ns);
}

/* What is said first is true of all events. */
static void guest(const struct vmsync_session_guest *g)
{
	const struct vmsync_contain_result *c = &g->contain;
	const struct vmsync_known *k = &g->known;

	printf("%s: ", g->machine->name);
	error_at_most(vmsync_known_bound_ns(k));
	printf("; %" PRIu64 " events inside their vCPU's time, %" PRIu64
	       " outside, %" PRIu64 " not decidable\n",
	       c->inside - c->edge, c->outside, c->undecidable + c->edge);
	if (k->cpu_unknown)
		printf("%s: the CPU of %" PRIu64 " events is not known: their "
		       "bound covers the maps of all\n",
		       g->machine->name, k->cpu_unknown);
	if (!vmsync_known_outside(k))
		return;
	printf("%s: %" PRIu64 " of its events have no evidence (%" PRIu64
	       " before it, %" PRIu64 " in holes, %" PRIu64
	       " after it); those that have: ",
	       g->machine->name, vmsync_known_outside(k),
	       k->at[VMSYNC_PLACE_BEFORE].events,
	       k->at[VMSYNC_PLACE_WITHIN].events,
	       k->at[VMSYNC_PLACE_AFTER].events);
	error_at_most(k->at[VMSYNC_PLACE_INSIDE].bound_ns);
	putchar('\n');
}

/* In a hole something is missing that a longer recording would not add. */
static const char *remedy(const struct vmsync_known *k)
{
	if (k->at[VMSYNC_PLACE_WITHIN].events)
		return "a part of the recordings is missing or holds no "
		       "evidence: name all chunks and streams, vmsync sync "
		       "says more";
	return "record the host for longer than the guest";
}

/* Not to be overlooked. */
static void not_covered(const struct vmsync_session_guest *g)
{
	const struct vmsync_known *k = &g->known;
	int64_t bound_ns = vmsync_known_outside_bound_ns(k);

	if (vmsync_guest_covered(g))
		return;
	fflush(stdout);
	fprintf(stderr, "vmsync fuse: %s: %" PRIu64
			" events lie OUTSIDE THE EVIDENCE, ",
		g->machine->name, vmsync_known_outside(k));
	if (bound_ns < VMSYNC_BOUND_NONE)
		fprintf(stderr, "known to %" PRId64 " ns only; ", bound_ns);
	else
		fputs("no bound is known; ", stderr);
	fprintf(stderr, "%s\n", remedy(k));
	strange(g);
}

static void offsets(const struct vmsync_machine *host)
{
	char text[256];

	if (!host->offset_spread_ns)
		return;
	vmsync_offsets_note(host, text, sizeof(text));
	printf("%s: %s\n", host->name, text);
}

static void one_written(const char *out, int path_len,
			const struct vmsync_fused *f, bool as_it_was)
{
	print_clean(stdout, out);
	printf("/%.*s  %" PRIu64 " events", path_len, f->path, f->events_out);
	if (as_it_was)
		printf(", as they were");
	if (f->discarded || f->lost)
		printf("  (lost while recording: %" PRIu64 " events, %" PRIu64
		       " packets)",
		       f->discarded, f->lost);
	putchar('\n');
}

/* The traces of a machine; many are chunks, and summed up. */
static void written(const char *out, const struct vmsync_fused *f, size_t n,
		    bool as_it_was)
{
	struct vmsync_fused sum = f[0];
	size_t i;

	for (i = 0; n <= PRINT_TRACES && i < n; i++)
		one_written(out, sizeof(sum.path), &f[i], as_it_was);
	if (n <= PRINT_TRACES)
		return;
	for (i = 1; i < n; i++) {
		sum.events_out += f[i].events_out;
		sum.discarded += f[i].discarded;
		sum.lost += f[i].lost;
	}
	one_written(out, (int)strcspn(sum.path, "/"), &sum,
		    as_it_was);
}

static void text(const struct arguments *args, const struct vmsync_session *s,
		 const struct vmsync_fused *fused)
{
	const char *out = args->output;
	size_t i, n = s->host->n;

	written(out, fused, n, true);
	for (i = 0; i < s->n_guests; i++) {
		written(out, fused + n, s->guests[i].machine->n,
			vmsync_is_kept(&s->guests[i]));
		n += s->guests[i].machine->n;
	}
	offsets(s->host);
	for (i = 0; i < s->n_guests; i++) {
		guest(&s->guests[i]);
		vmsync_keep_text(stdout, &s->guests[i], args->fuse.keep);
	}
}

static int contradicted(const struct vmsync_session *s, const struct arguments *args)
{
	cmd_progress_end();
	fprintf(stderr, "vmsync fuse: the witnesses contradict the map; vmsync sync "
			"says where, --force writes it all the same\n");
	if (args->json)
		vmsync_report_json(stdout, s, NULL, 0);
	return EXIT_FOUND;
}

/* What was written, and how well it is known. */
static int tell(const struct vmsync_session *s, const struct arguments *args,
		struct vmsync_fused *fused, size_t n)
{
	size_t i;

	cmd_progress_end();
	if (args->json)
		vmsync_report_json(stdout, s, fused, n);
	else
		text(args, s, fused);
	for (i = 0; i < s->n_guests; i++)
		not_covered(&s->guests[i]);
	free(fused);
	return args->fuse.force || vmsync_session_covered(s) ? 0 : EXIT_FOUND;
}

static int fuse(struct vmsync_session *s, void *arguments, struct ctf_error *e)
{
	const struct arguments *args = arguments;
	struct vmsync_fused *fused;
	size_t n;
	int ret;

	ret = vmsync_fuse(s, args->output, &args->fuse, cmd_progress(), &fused,
			  &n, e);
	if (ret == EXIT_FOUND)
		return contradicted(s, args);
	return ret ? ret : tell(s, args, fused, n);
}

/* Each host's witness has seen its own part of a guest: none sees the whole. */
static int fuse_hosts(struct vmsync_hosts *h, void *arguments, struct ctf_error *e)
{
	const struct arguments *args = arguments;
	struct vmsync_fused *fused;
	size_t n;
	int ret;

	if (!args->fuse.force && !vmsync_hosts_agree(h))
		return contradicted(&h->joined, args);
	ret = vmsync_fuse(&h->joined, args->output, &args->fuse, cmd_progress(),
			  &fused, &n, e);
	if (ret)
		return ret;
	vmsync_hosts_contain(h);
	return tell(&h->joined, args, fused, n);
}

static bool output_exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
}

/* More than a second is no clock that follows another one. */
static int take_within(struct vmsync_fuse_options *fuse, const char *value)
{
	char *end;
	unsigned long ns = strtoul(value, &end, 10);

	if (*end || *value < '0' || *value > '9' || ns > 1000000000)
		return cmd_usage_error("fuse", "--keep-within=%s: give 0 to "
					       "1000000000 ns", value);
	fuse->keep = true;
	fuse->keep_within_ns = (int64_t)ns;
	return 0;
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	switch (option) {
	case 'o':
		args->output = value;
		break;
	case 'f':
		args->fuse.force = true;
		break;
	case 'l':
		args->fuse.link = true;
		break;
	case 'k':
		return take_within(&args->fuse, value);
	case 'J':
		args->json = true;
		break;
	default:
		return cmd_session_option("fuse", option, value,
					  &args->session);
	}
	return 0;
}

int cmd_fuse(int argc, char **argv)
{
	static const struct option table[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "force", no_argument, NULL, 'f' },
		{ "link", no_argument, NULL, 'l' },
		{ "keep-within", required_argument, NULL, 'k' },
		{ "json", no_argument, NULL, 'J' },
		CMD_SESSION_OPTIONS,
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"fuse", help, ":o:j:flh", table, take,
	};
	struct arguments args = { 0 };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	if (!args.output)
		return cmd_usage_error("fuse", "no output: -o OUT is needed");
	/* Said at once, not after minutes of reading. */
	if (output_exists(args.output))
		return cmd_usage_error("fuse",
				       "%s exists already: remove it, or give "
				       "another name with -o", args.output);

	ret = cmd_hosts_run("fuse", argv + optind, &args.session, fuse_hosts, &args);
	if (ret == CMD_GO_ON)
		ret = cmd_session_run("fuse", argv + optind, &args.session, fuse,
				      &args);
	vmsync_exchange_free(&args.session.exchange);
	return ret;
}
