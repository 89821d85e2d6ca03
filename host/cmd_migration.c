// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "cmd_migration.h"
#include "migration/guests.h"

static const char help[] =
"usage: vmsync migration [OPTION]... TRACE...\n"
"\n"
"Says of live migrations how they went: the stages, the rounds and how many pages\n"
"were dirty in each, why they did not converge, and for how long the guest did\n"
"not run, from its source's stop to its destination's run. TRACE is what vmsync\n"
"import made of a QEMU's log, of the source's, the destination's, or both; or a\n"
"folder that holds some; or what vmsync fuse wrote of these. With the traces of\n"
"host and guest it says as well which threads of the guest ran meanwhile.\n"
"\n"
"      --agree=MS      times of day of two machines agree to MS milliseconds, as\n"
"                      NTP's or PTP's daemon says there, and are compared so;\n"
"                      default: what no vmsync fuse put on one clock is not\n"
"      --all           list all rounds, not the first and last ones\n"
"      --json          print it as JSON\n"
"  -h, --help          this text\n"
"\n"
"Exit status: 0 done; 1 a log contradicts itself: lines of two QEMUs, or time\n"
"that went back; 2 it could not be done.\n"
"\n"
"  vmsync migration src dst\n";

struct arguments {
	uint64_t agree_ns;
	bool all;
	bool json;
};

int cmd_migration_guests(char *const *paths, size_t n, struct migrations *m,
			 struct ctf_error *e)
{
	const struct vmsync_session_options options = { .alone = true,
							.fused = true };
	struct vmsync_session session;
	int ret;

	if (!migrations_have_host(m))
		return 0;
	ret = vmsync_session_open(paths, n, &options, &session, e);
	if (!ret)
		ret = vmsync_session_sync(&session, &options, cmd_progress(), e);
	if (!ret)
		ret = migrations_guests(m, &session, cmd_progress(), e);
	cmd_progress_end();
	vmsync_session_close(&session);
	return ret;
}

int cmd_migration_agree(const char *command, const char *value, uint64_t *ns)
{
	char *end;
	double ms = strtod(value, &end);

	if (end == value || *end || !(ms > 0 && ms <= 10000))
		return cmd_usage_error(command,
				       "--agree=%s: name a number of ms, 10000 "
				       "at most", value);
	*ns = (uint64_t)(ms * 1e6) + 1;
	return 0;
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	if (option == 'g')
		return cmd_migration_agree("migration", value, &args->agree_ns);
	if (option == 'a')
		args->all = true;
	else
		args->json = true;
	return 0;
}

/* Without them the rest is told all the same. */
static void guests(char *const *paths, size_t n, struct migrations *m)
{
	struct ctf_error e;

	if (!cmd_migration_guests(paths, n, m, &e))
		return;
	fputs("vmsync migration: nothing is told of what the guest "
	      "did:\n", stderr);
	cmd_error("migration", &e);
}

static int report(char *const *paths, size_t n, const struct arguments *args)
{
	struct migrations m;
	struct ctf_error e;
	int ret = migrations_find(paths, n, args->agree_ns, &m, &e);

	if (ret) {
		ret = cmd_error("migration", &e);
	} else {
		guests(paths, n, &m);
		if (args->json)
			migrations_json(stdout, &m);
		else
			migrations_text(stdout, &m, args->all);
		ret = migrations_doubts(&m) ? EXIT_FOUND : 0;
	}
	migrations_free(&m);
	return cmd_flush("migration") ? ret : EXIT_TROUBLE;
}

int cmd_migration(int argc, char **argv)
{
	static const struct option table[] = {
		{ "agree", required_argument, NULL, 'g' },
		{ "all", no_argument, NULL, 'a' },
		{ "json", no_argument, NULL, 'J' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"migration", help, ":h", table, take,
	};
	struct arguments args = { 0 };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	if (optind == argc)
		return cmd_usage_error("migration", "no trace named");
	return report(argv + optind, (size_t)(argc - optind), &args);
}
