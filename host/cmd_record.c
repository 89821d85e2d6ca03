// SPDX-License-Identifier: MIT
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd.h"
#include "base/run.h"
#include "freeze/recorder.h"
#include "record/record.h"

static const char help[] =
"usage: vmsync record -o OUT [OPTION]... [-- COMMAND...]\n"
"\n"
"Records this host and its guests together, with LTTng, and puts all of it on one\n"
"clock: into the new folder OUT go the traces, host and guests/NAME; the fused\n"
"experiment, fused; and reports, report.txt and analysis.txt. It ends after so\n"
"many seconds, with COMMAND, or with Ctrl-C; a second Ctrl-C gives it up.\n"
"\n"
"Guests are those that vmsyncd knows (vmsync status). One in which vmsync-agent\n"
"answers records itself and sends its trace home over its port.\n"
"\n"
"  -o, --output=OUT    the folder to make\n"
"      --vm=NAME       record this guest, by name or uuid; may be repeated\n"
"                      (default: all)\n"
"      --events=SET    sync, sched, kvm, analysis (default) or all: each has the\n"
"                      events of those before it\n"
"      --seconds=N     so long\n"
"      --snapshot      keep a flight recorder: nothing is written before Ctrl-C,\n"
"                      or before COMMAND fails; then what the buffers hold, the\n"
"                      latest events. Nothing, and no OUT, where COMMAND ends\n"
"                      well\n"
"      --on-freeze     with --snapshot: keep the flight recorder until Ctrl-C;\n"
"                      each time that vmsync freeze asks for it write what the\n"
"                      buffers hold to OUT/freeze-N, and go on\n"
"      --per-hour=N    ... at most so often in any hour, 1 to 1000 (6)\n"
"      --dead-time=S   ... and not within so many seconds after another one (60)\n"
"      --disk=MIB      ... while OUT has less than that (4096)\n"
"      --json          print what was recorded as JSON\n"
"      --control=PATH  the control socket of vmsyncd, instead of\n"
"                      " VMSYNC_CLIENT_PATH "\n"
"  -h, --help          this text\n"
"\n"
"Exit status: 0 all is well; 1 it was recorded, but a guest's recording failed,\n"
"COMMAND did, or fusing found something; 2 it could not be done, or was given up.\n"
"\n"
"  vmsync record -o out --vm web1 --seconds 10\n"
"  vmsync record -o out -- ssh web1 make\n"
"  vmsync record -o /var/lib/vmsync/freezes --snapshot --on-freeze\n";

#define ANALYZED VMSYNC_PORT_EVENTS_ANALYSIS
#define MOST_SECONDS 86400

#define SECOND 1000000000ull

/* What a flight recorder may, where nothing else is said. */
#define USUAL_PER_HOUR 6
#define USUAL_DEAD_NS  (60 * SECOND)
#define USUAL_DISK_MIB 4096

/** struct arguments - @budget only where it is kept for vmsync freeze, @on_freeze */
struct arguments {
	struct vmsync_record record;
	struct freeze_budget budget;
	bool on_freeze;
	bool limited;
	bool json;
};

static int add_vm(struct vmsync_record *r, const char *name)
{
	const char **p = realloc(r->vm, (r->n_vm + 1) * sizeof(*p));

	if (!p)
		return cmd_usage_error("record", "out of memory");
	r->vm = p;
	p[r->n_vm++] = name;
	return 0;
}

static int take_seconds(struct vmsync_record *r, const char *value)
{
	char *end;
	unsigned long n = strtoul(value, &end, 10);

	if (*end || end == value || !n || n > MOST_SECONDS)
		return cmd_usage_error("record", "--seconds=%s: give 1 to %d",
				       value, MOST_SECONDS);
	r->seconds = (unsigned int)n;
	return 0;
}

static int take_number(const char *name, const char *value, uint64_t most,
		       uint64_t *out)
{
	char *end;
	unsigned long long n = strtoull(value, &end, 10);

	if (*end || end == value || !n || n > most)
		return cmd_usage_error("record", "--%s=%s: give 1 to %llu", name,
				       value, (unsigned long long)most);
	*out = n;
	return 0;
}

static int take_limit(struct arguments *args, int option, const char *value)
{
	struct freeze_budget *b = &args->budget;
	uint64_t n;
	int64_t ns;

	args->limited = true;
	if (option == 'D') {
		if (cmd_seconds("record", value, &ns))
			return EXIT_TROUBLE;
		b->dead_ns = (uint64_t)ns;
		return 0;
	}
	if (option == 'K') {
		if (take_number("disk", value, UINT32_MAX, &n))
			return EXIT_TROUBLE;
		b->disk_bytes = n << 20;
		return 0;
	}
	if (take_number("per-hour", value, FREEZE_MOST_PER_HOUR, &n))
		return EXIT_TROUBLE;
	b->per_hour = (unsigned int)n;
	return 0;
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;
	struct vmsync_record *r = &args->record;
	int events;

	switch (option) {
	case 'o':
		r->output = value;
		return 0;
	case 'v':
		return add_vm(r, value);
	case 'e':
		events = vmsync_tracing_events(value);
		if (events < 0)
			return cmd_usage_error("record", "no events '%s'", value);
		r->events = (uint8_t)events;
		return 0;
	case 's':
		return take_seconds(r, value);
	case 'J':
		args->json = true;
		return 0;
	case 'r':
		r->ring = true;
		return 0;
	case 'F':
		args->on_freeze = true;
		return 0;
	case 'H':
	case 'D':
	case 'K':
		return take_limit(args, option, value);
	}
	r->control = value;
	return 0;
}

/* Run this program with other arguments; its output into @file, NULL: ours. */
static int again(const char *const argv[], const char *file)
{
	int fd, status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		fd = file ? open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				 0666) :
			    -1;
		if (file && fd < 0)
			_exit(EXIT_TROUBLE);
		if (file)
			dup2(fd, STDOUT_FILENO);
		vmsync_spawn_prepare();
		execv("/proc/self/exe", (char *const *)argv);
		_exit(EXIT_TROUBLE);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return EXIT_TROUBLE;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_TROUBLE;
}

/*
 * Fuse, and say how it is. What cannot be fused is there as it was recorded, so that
 * one can look into it.
 */
static int fuse(const struct vmsync_record *r, bool json)
{
	char host[4200], fused[4200], report[4200], analysis[4200];
	const char **argv = calloc(r->n + 8, sizeof(*argv));
	size_t i, n = 5;
	int ret, more;

	if (!argv)
		return EXIT_TROUBLE;
	snprintf(host, sizeof(host), "%s/host", r->output);
	snprintf(fused, sizeof(fused), "%s/fused", r->output);
	snprintf(report, sizeof(report), "%s/report.txt", r->output);
	snprintf(analysis, sizeof(analysis), "%s/analysis.txt", r->output);
	argv[n++] = host;
	for (i = 0; i < r->n; i++) {
		if (vmsync_record_fetched(&r->guest[i]))
			argv[n++] = r->guest[i].folder;
	}
	argv[0] = "vmsync";
	memcpy(argv + 1, (const char *[]){ "fuse", "-l", "-o", fused },
	       4 * sizeof(*argv));
	ret = again(argv, json ? "/dev/null" : NULL);
	argv[4] = "sync";
	argv[3] = "vmsync";
	more = again(argv + 3, report);
	ret = more > ret ? more : ret;
	argv[4] = "analyze";
	if (r->events >= ANALYZED)
		again(argv + 3, analysis);
	free(argv);
	return ret ? EXIT_FOUND : 0;
}

static bool has_guest(const struct vmsync_record *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (vmsync_record_fetched(&r->guest[i]))
			return true;
	}
	return false;
}

static int save(const struct vmsync_record *r)
{
	char path[4200];
	FILE *f;

	snprintf(path, sizeof(path), "%s/record.json", r->output);
	f = fopen(path, "wxe");
	if (f)
		vmsync_record_print(f, r, true);
	if (f && !ferror(f) && !fclose(f))
		return 0;
	fprintf(stderr, "vmsync record: %s: %s\n", path, strerror(errno));
	return EXIT_FOUND;
}

/* A flight recorder whose command ended well. */
static int nothing(const struct arguments *args)
{
	const struct vmsync_record *r = &args->record;

	if (args->json)
		vmsync_record_print(stdout, r, true);
	else
		printf("%s ended well: nothing is kept\n", r->command[0]);
	return cmd_flush("record") ? 0 : EXIT_TROUBLE;
}

static int finish(const struct arguments *args)
{
	const struct vmsync_record *r = &args->record;
	int ret = save(r);

	cmd_progress_end();
	vmsync_record_print(stdout, r, args->json);
	if (!vmsync_record_whole(r) || r->status > 0)
		ret |= EXIT_FOUND;
	if (r->status > 0)
		fprintf(stderr, "vmsync record: %s ended with status %d\n",
			r->command[0], r->status);
	if (has_guest(r))
		ret |= fuse(r, args->json);
	else if (!args->json)
		printf("nothing to fuse: the host's trace is in %s/host\n",
		       r->output);
	return cmd_flush("record") ? ret : EXIT_TROUBLE;
}

static int record(struct arguments *args)
{
	struct vmsync_record *r = &args->record;
	struct ctf_error e;
	int ret;

	r->progress = cmd_progress()->show;
	ret = vmsync_record_run(r, &e);
	if (ret < 0)
		return cmd_error("record", &e);
	cmd_progress_end();
	if (!ret)
		return vmsync_record_kept(r) ? finish(args) : nothing(args);
	fprintf(stderr, "vmsync record: given up; what there is of it is in %s\n",
		r->output);
	return EXIT_TROUBLE;
}

/* Until it is stopped. */
static int on_freeze(const struct arguments *args)
{
	static struct freeze_recorder r;
	struct ctf_error e;

	r.output = args->record.output;
	r.control = args->record.control;
	r.vm = args->record.vm;
	r.n_vm = args->record.n_vm;
	r.events = args->record.events;
	r.budget = args->budget;
	return freeze_recorder_run(&r, &e) ? cmd_error("record", &e) : 0;
}

/* What goes together, and what does not. */
static int check(const struct arguments *args, char *const *command)
{
	const struct vmsync_record *r = &args->record;

	if (!r->output)
		return cmd_usage_error("record", "-o names the folder to make");
	if (*command && r->seconds)
		return cmd_usage_error("record", "it ends after --seconds or with "
						 "%s, not both", *command);
	if (args->limited && !args->on_freeze)
		return cmd_usage_error("record", "--per-hour, --dead-time and "
						 "--disk go with --on-freeze");
	if (args->on_freeze && !r->ring)
		return cmd_usage_error("record", "--on-freeze goes with "
						 "--snapshot");
	if (args->on_freeze && (*command || r->seconds || args->json))
		return cmd_usage_error("record", "--on-freeze goes on until it is "
						 "stopped: no COMMAND, --seconds, "
						 "--json");
	return CMD_GO_ON;
}

int cmd_record(int argc, char **argv)
{
	static const struct option table[] = {
		{ "output", required_argument, NULL, 'o' },
		{ "vm", required_argument, NULL, CMD_AGAIN | 'v' },
		{ "events", required_argument, NULL, 'e' },
		{ "seconds", required_argument, NULL, 's' },
		{ "snapshot", no_argument, NULL, 'r' },
		{ "on-freeze", no_argument, NULL, 'F' },
		{ "per-hour", required_argument, NULL, 'H' },
		{ "dead-time", required_argument, NULL, 'D' },
		{ "disk", required_argument, NULL, 'K' },
		{ "json", no_argument, NULL, 'J' },
		{ "control", required_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	/* "+": what is behind COMMAND is its own. */
	static const struct cmd_options options = {
		"record", help, "+:o:h", table, take,
	};
	struct arguments args = {
		.record = { .control = VMSYNC_CLIENT_PATH,
			    .events = VMSYNC_PORT_EVENTS_ANALYSIS },
		.budget = { .per_hour = USUAL_PER_HOUR,
			    .dead_ns = USUAL_DEAD_NS,
			    .disk_bytes = (uint64_t)USUAL_DISK_MIB << 20 },
	};
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret == CMD_GO_ON)
		ret = check(&args, argv + optind);
	if (ret == CMD_GO_ON && args.on_freeze) {
		ret = on_freeze(&args);
	} else if (ret == CMD_GO_ON) {
		args.record.command = argv[optind] ? argv + optind : NULL;
		ret = record(&args);
	}
	vmsync_record_free(&args.record);
	return ret;
}
