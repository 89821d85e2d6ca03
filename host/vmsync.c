// SPDX-License-Identifier: MIT
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "cmd.h"
#include "tracedat/tracedat.h"

static const struct vmsync_command commands[] = {
	{ "sync", cmd_sync, "compute and check the map of guest time to host time" },
	{ "fuse", cmd_fuse, "write host and guest traces as one, on the host's clock" },
	{ "check", cmd_check, "hold a saved map against the traces" },
	{ "analyze", cmd_analyze, "say what every virtual CPU was really doing" },
	{ "hints", cmd_hints, "say what could be placed better, and what it would gain" },
	{ "migration", cmd_migration, "say how live migrations went, and how long guests were down" },
	{ "memory", cmd_memory, "say what a host holds that its guests do not need" },
	{ "layers", cmd_layers, "say what services and programs did: requests, VMs, volumes" },
	{ "report", cmd_report, "write it as a page to look at" },
	{ "export", cmd_export, "write that for Perfetto and other programs" },
	{ "doctor", cmd_doctor, "say what this machine lacks for a recording" },
	{ "setup", cmd_setup, "prepare a libvirt host, or a guest of it, for record" },
	{ "record", cmd_record, "record this host and its guests, and fuse that" },
	{ "freeze", cmd_freeze, "have flight recorders written, of this host and its guests" },
	{ "import", cmd_import, "take what an unmodified QEMU, or Java, logged as a trace" },
	{ "live", cmd_live, "take what relay daemons of LTTng receive, as it comes" },
	{ "top", cmd_top, "show which VMs are denied CPU, and by whom, while it happens" },
	{ "status", cmd_status, "say which guests vmsyncd knows, and how they are" },
	{ "cat", cmd_cat, "print the events of all traces, merged, as babeltrace2 does" },
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *f)
{
	size_t i;

	fputs("usage: vmsync COMMAND [OPTION]... TRACE...\n"
	      "\n"
	      "One clock for the traces of a KVM host and its guests.\n"
	      "\n",
	      f);
	for (i = 0; i < N_COMMANDS; i++)
		fprintf(f, "  %-9s %s\n", commands[i].name,
			commands[i].summary);
	fputs("\n"
	      "vmsync help COMMAND says more of each; vmsync --version says which\n"
	      "vmsync this is.\n",
	      f);
}

/*
 * A process may have few files open because old programs misuse large numbers of
 * them; the traces of a large machine have more streams. Where it fails, the
 * limit stays, and who meets it says so.
 */
static void allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
	size_t i;

	allow_files();
	/* A file that becomes too large is an error of write(), to be said. */
	signal(SIGXFSZ, SIG_IGN);
#ifdef VMSYNC_TRACEDAT
	ctf_tracedat_reader(tracedat_convert);
#endif

	if (argc < 2) {
		usage(stderr);
		return EXIT_TROUBLE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    (!strcmp(argv[1], "help") && argc < 3)) {
		usage(stdout);
		return cmd_flush("help") ? 0 : EXIT_TROUBLE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("vmsync " VMSYNC_VERSION);
		return cmd_flush("version") ? 0 : EXIT_TROUBLE;
	}
	/* "help COMMAND" is "COMMAND --help". */
	if (!strcmp(argv[1], "help")) {
		argv[1] = argv[2];
		argv[2] = "--help";
		argc = 3;
	}
	for (i = 0; i < N_COMMANDS; i++) {
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	}
	fprintf(stderr, "vmsync: no command '%s'; vmsync --help lists them\n",
		argv[1]);
	return EXIT_TROUBLE;
}
