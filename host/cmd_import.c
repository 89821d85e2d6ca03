// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "fuse/output.h"
#include "fuse/print.h"
#include "jvm/import.h"
#include "qemu/import.h"

static const char help[] =
"usage: vmsync import qemu-log -o OUT [OPTION]... [LOG]\n"
"       vmsync import jvm-log -o OUT [--clock=TRACE] LOG\n"
"\n"
"Writes what an unmodified QEMU told as a trace, the new folder OUT: LOG, of its\n"
"log backend, with time stamps (-msg timestamp=on), and what QMP said. Events may\n"
"be switched on while QEMU runs: QMP's trace-event-set-state, and the monitor's\n"
"logfile and log trace. vmsync migration tells what became of migrations in it.\n"
"\n"
"Or what a Java virtual machine logged, with -Xlog:WHAT:file=LOG:timenanos,pid,\n"
"tid,tags: vmsync layers tells of its pauses.\n"
"\n"
"  -o, --output=OUT    the folder to make; it appears when all is right\n"
"      --qmp=FILE      and QMP's events, and answers to query-migrate: one JSON\n"
"                      object a line, as QMP sends them; LOG may be left out\n"
"      --clock=TRACE   put it on the clock of this trace of the machine that QEMU\n"
"                      ran on, by the offset to the time of day that the tracer\n"
"                      measured; default: time of day\n"
"      --vm=NAME       what the virtual machine is called\n"
"      --libvirt=FILE  libvirt's log of its domain, which has its name and uuid:\n"
"                      /var/log/libvirt/qemu/NAME.log\n"
"      --events=FILE   QEMU's list of all its events, for those that are not of\n"
"                      migrations: /usr/share/qemu/trace-events-all\n"
"  -h, --help          this text\n"
"\n"
"Exit status: 0 written; 1 written, but time went back in it; 2 it could not be\n"
"done.\n"
"\n"
"  vmsync import qemu-log -o src --vm=web1 /var/log/qemu/web1.log\n";

struct arguments {
	bool of_jvm;
	const char *output;
	struct qemu_import_options import;
};

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	switch (option) {
	case 'o':
		args->output = value;
		return 0;
	case 'q':
		args->import.qmp = value;
		return 0;
	case 'c':
		args->import.clock = value;
		return 0;
	case 'v':
		args->import.vm = value;
		return 0;
	case 'l':
		args->import.libvirt = value;
		return 0;
	default:
		args->import.declared = value;
		return 0;
	}
}

static void say_clock(const struct arguments *args, const struct qemu_import *im)
{
	const struct import_clock *c = &im->clock;

	if (!c->has_uuid) {
		puts("clock: time of day, to the microsecond");
		return;
	}
	fputs("clock: that of ", stdout);
	print_clean(stdout, args->import.clock);
	printf(", known to %" PRIu64 " ns where nobody set the time of day "
	       "since\n", c->bound_ns);
	if (im->end_ns < c->begin_ns || im->begin_ns > c->end_ns)
		fputs("vmsync import: no event is of the time that this trace "
		      "was recorded in\n", stderr);
}

/* What was found, and whether it is all well. */
static int say(const struct arguments *args, const struct qemu_import *im)
{
	const struct qemu_log *log = &im->log;

	print_clean(stdout, args->output);
	printf(": %" PRIu64 " events of %" PRIu64 " kinds, %" PRIu64
	       " of them as text; %" PRIu64 " other lines\n", im->events,
	       im->kinds, im->events - im->typed, log->lines + im->qmp_lines);
	say_clock(args, im);
	fflush(stdout);
	if (log->plain)
		fprintf(stderr, "vmsync import: %" PRIu64 " events without a "
			"time were left out; start QEMU with -msg timestamp=on\n",
			log->plain);
	if (log->cut)
		fputs("vmsync import: the last line has no end: left out\n",
		      stderr);
	if (!im->back_ns)
		return 0;
	fprintf(stderr, "vmsync import: TIME WENT BACK by %" PRId64 ".%09" PRId64
		" s before line %" PRIu64 ": the time of day was set, or lines "
		"of two recordings are in one file; nothing across that line is "
		"to be relied on\n",
		im->back_ns / 1000000000, im->back_ns % 1000000000,
		im->back_line);
	return EXIT_FOUND;
}

static int say_jvm(const struct arguments *args, const struct jvm_import *im)
{
	print_clean(stdout, args->output);
	printf(": %" PRIu64 " lines; %" PRIu64 " others, not decorated so\n",
	       im->lines, im->others);
	return 0;
}

static int import(const struct arguments *args)
{
	struct jvm_import jvm;
	struct qemu_import im;
	struct ctf_error e;
	const char *folder = vmsync_output_begin(args->output, &e);
	int ret;

	if (!folder)
		return cmd_error("import", &e);
	ret = args->of_jvm ? jvm_import(args->import.log, args->import.clock,
					folder, &jvm, &e) :
			     qemu_import(&args->import, folder, &im, &e);
	if (!ret)
		ret = vmsync_output_commit(&e);
	if (ret) {
		vmsync_output_abort();
		return cmd_error("import", &e);
	}
	ret = args->of_jvm ? say_jvm(args, &jvm) : say(args, &im);
	return cmd_flush("import") ? ret : EXIT_TROUBLE;
}

static int what_take(struct arguments *args, const char *what)
{
	const struct qemu_import_options *o = &args->import;

	args->of_jvm = what && !strcmp(what, "jvm-log");
	if (!args->of_jvm && (!what || strcmp(what, "qemu-log")))
		return cmd_usage_error("import", "name what to read: qemu-log "
						 "or jvm-log");
	if (args->of_jvm && (o->qmp || o->vm || o->libvirt ||
			     o->declared))
		return cmd_usage_error("import", "--qmp, --vm, --libvirt and "
						 "--events are of qemu-log");
	return 0;
}

int cmd_import(int argc, char **argv)
{
	static const struct option table[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "qmp", required_argument, NULL, 'q' },
		{ "clock", required_argument, NULL, 'c' },
		{ "vm", required_argument, NULL, 'v' },
		{ "libvirt", required_argument, NULL, 'l' },
		{ "events", required_argument, NULL, 'e' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"import", help, ":o:h", table, take,
	};
	struct arguments args = { 0 };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	ret = what_take(&args, argv[optind]);
	if (ret)
		return ret;
	if (argc - optind > 2)
		return cmd_usage_error("import", "%s: one log at a time",
				       argv[optind + 2]);
	args.import.log = argv[optind + 1];
	if (!args.import.log && !args.import.qmp)
		return cmd_usage_error("import", "no log named");
	if (!args.output)
		return cmd_usage_error("import", "no output: -o OUT is needed");
	return import(&args);
}
