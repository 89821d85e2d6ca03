// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "cmd.h"
#include "fuse/fuse.h"

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
"  -l, --link          do not copy the host's files but link them (hard links):\n"
"                      fast and takes no space; what changes one changes both\n"
CMD_SESSION_HELP
"  -h, --help          this text\n"
"\n"
"Exit status: 0 written; 1 the witnesses contradict the map: not written\n"
"without --force (vmsync sync says more); 2 it could not be done.\n"
"\n"
"  vmsync fuse -o fused ~/lttng-traces/host-20260101 guest-traces/\n"
"  babeltrace2 fused\n";

struct arguments {
	struct cmd_session session;
	const char *output;
	struct vmsync_fuse_options fuse;
};

static int fuse(struct vmsync_session *s, void *arguments, struct ctf_error *e)
{
	const struct arguments *args = arguments;
	struct vmsync_fused *fused;
	size_t i, n;
	int ret;

	ret = vmsync_fuse(s, args->output, &args->fuse, cmd_progress(), &fused,
			  &n, e);
	if (ret == EXIT_FOUND) {
		cmd_progress_end();
		fprintf(stderr, "vmsync fuse: the witnesses contradict the "
				"map; vmsync sync says where, --force writes "
				"it all the same\n");
	}
	if (ret)
		return ret;
	cmd_progress_end();
	for (i = 0; i < n; i++) {
		printf("%s/%s", args->output, fused[i].path);
		if (i < s->host->n)
			printf("  as it was");
		else
			printf("  %" PRIu64 " events", fused[i].events_out);
		if (fused[i].discarded || fused[i].lost)
			printf("  (lost while recording: %" PRIu64
			       " events, %" PRIu64 " packets)",
			       fused[i].discarded, fused[i].lost);
		putchar('\n');
	}
	for (i = 0; i < s->n_guests; i++) {
		const struct vmsync_guest_report *r =
			vmsync_guest_report_of(s->guests[i].guest);
		const struct vmsync_contain_result *c = &s->guests[i].contain;

		printf("%s: error at most %" PRId64 " ns; %" PRIu64
		       " events inside their vCPU's time, %" PRIu64
		       " outside, %" PRIu64 " not decidable\n",
		       s->guests[i].machine->name, r->bound_worst_ns,
		       c->inside - c->edge, c->outside,
		       c->undecidable + c->edge);
	}
	free(fused);
	return 0;
}

static bool output_exists(const char *path)
{
	struct stat st;

	return !lstat(path, &st);
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

	ret = cmd_session_run("fuse", argv + optind, &args.session, fuse, &args);
	vmsync_exchange_free(&args.session.exchange);
	return ret;
}
