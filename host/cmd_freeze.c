// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "cmd_freeze_status.h"
#include "freeze/nats.h"
#include "freeze/proof.h"
#include "freeze/trigger.h"
#include "fuse/print.h"
#include "port/now.h"
#include "record/client.h"

static const char help[] =
"usage: vmsync freeze [OPTION]...\n"
"\n"
"Has the flight recorders of this host and its guests written, all at once, and\n"
"waits until they are there; then says of each whether it holds all events of the\n"
"time that was wanted, and how much is missing. They are kept by\n"
"\n"
"  vmsync record -o OUT --snapshot --on-freeze\n"
"\n"
"which also says how often one may freeze. Nothing is frozen where none runs.\n"
"\n"
"      --before=S      what is wanted: so many seconds before the time (1)\n"
"      --at=NS         the time, of CLOCK_MONOTONIC (default: now)\n"
"      --reason=TEXT   why, for audit.log and freeze.json\n"
"      --no-wait       end once it has begun\n"
"      --on-trigger=NAME\n"
"                      freeze each time that LTTng's trigger NAME notifies,\n"
"                      until it is stopped; lttng add-trigger --action=notify\n"
"                      makes one\n"
"      --on-nats=URL   the same at each message of NATS's to --subject; its text\n"
"                      is the reason; URL,URL: any of these servers\n"
"      --to-nats=URL   freeze nothing here, but tell --reason to who listens to\n"
"                      --subject, and wait until that was heard\n"
"      --subject=SUBJECT\n"
"                      of NATS's (vmsync.freeze); with --to-nats also some, S,S\n"
"      --tls=DIR       only with certificates on both sides: ca.pem, cert.pem and\n"
"                      key.pem in DIR\n"
"      --status        say how the flight recorder is, instead\n"
"      --detail=EVENTS:S\n"
"                      have more recorded for so many seconds, and then as\n"
"                      before: sched, kvm, analysis or all\n"
"      --quiet=S       have nothing frozen for so many seconds; 0: any again\n"
"      --check=DIR     say the same of a freeze that was made before\n"
"      --json          for programs\n"
"      --control=PATH  the control socket of vmsyncd, instead of\n"
"                      " VMSYNC_CLIENT_PATH "\n"
"  -h, --help          this text\n"
"\n"
"Exit status: 0 all is there; 1 a snapshot does not hold what was wanted, or is\n"
"not there; 2 it was refused, or could not be done.\n"
"\n"
"  vmsync freeze --before 2 --reason 'p99 above 5 ms'\n"
"\n"
"  lttng add-trigger --name=slow --action=notify --condition=event-rule-matches \\\n"
"        --type=user --name=app:request --filter='ns > 5000000'\n"
"  vmsync freeze --on-trigger=slow\n";

#define MOST_BYTES 65536
#define MOST_REASON 255
#define TRIGGER_NS  100000000

struct arguments {
	const char *control;
	const char *reason;
	const char *check;
	const char *trigger;
	const char *on_nats;
	const char *to_nats;
	const char *subject;
	const char *tls;
	uint64_t at_ns;
	int64_t before_ns;
	int64_t quiet_ns;
	int64_t detail_ns;
	char detail[16];
	bool no_wait;
	bool of_freeze; /* something that is of a freeze to be made */
	bool status;
	bool quiet;
	bool json;
};

static int take_at(struct arguments *args, const char *value)
{
	char *end;

	args->at_ns = strtoull(value, &end, 10);
	if (*end || end == value || !args->at_ns || args->at_ns > INT64_MAX)
		return cmd_usage_error("freeze", "--at=%s: give ns of "
						 "CLOCK_MONOTONIC", value);
	return 0;
}

static int take_detail(struct arguments *args, const char *value)
{
	const char *seconds = strchr(value, ':');

	if (!seconds || seconds == value ||
	    seconds - value >= (ptrdiff_t)sizeof(args->detail))
		return cmd_usage_error("freeze", "--detail=%s: give a set of events and "
				       "seconds, all:10", value);
	snprintf(args->detail, sizeof(args->detail), "%.*s",
		 (int)(seconds - value), value);
	return cmd_seconds("freeze", seconds + 1, &args->detail_ns);
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	args->of_freeze |= strchr("barn", option) != NULL;
	switch (option) {
	case 'b':
		return cmd_seconds("freeze", value, &args->before_ns);
	case 'a':
		return take_at(args, value);
	case 'r':
		args->reason = value;
		if (strlen(value) > MOST_REASON)
			return cmd_usage_error("freeze", "--reason: give at most "
					       "%d bytes", MOST_REASON);
		return 0;
	case 't':
		args->trigger = value;
		return 0;
	case 'N':
		args->on_nats = value;
		return 0;
	case 'T':
		args->to_nats = value;
		return 0;
	case 'S':
		args->subject = value;
		return 0;
	case 'L':
		args->tls = value;
		return 0;
	case 'n':
		args->no_wait = true;
		return 0;
	case 's':
		args->status = true;
		return 0;
	case 'd':
		return take_detail(args, value);
	case 'q':
		args->quiet = true;
		return cmd_seconds("freeze", value, &args->quiet_ns);
	case 'c':
		args->check = value;
		return 0;
	case 'J':
		args->json = true;
		return 0;
	}
	args->control = value;
	return 0;
}

/* ------------------------------------------------------------------ answers */

/* An answer of the recorder, which says "refused: " where it does not want to. */
static ssize_t hear(const struct arguments *args, int fd, char *text)
{
	struct ctf_error e;
	ssize_t n = vmsync_client_answer(fd, args->control, text, MOST_BYTES, &e);

	if (n < 0) {
		cmd_error("freeze", &e);
		return n;
	}
	if (!strncmp(text, "refused: ", 9)) {
		fprintf(stderr, "vmsync freeze: %s\n", text);
		return -1;
	}
	if (!n)
		fprintf(stderr, "vmsync freeze: %s: no answer\n", args->control);
	return n ? n : -1;
}

static int ask(const struct arguments *args, const char *what, char *text)
{
	struct ctf_error e;
	int fd = vmsync_client_ask(args->control, what, &e);

	if (fd < 0) {
		cmd_error("freeze", &e);
		return -1;
	}
	if (hear(args, fd, text) > 0)
		return fd;
	close(fd);
	return -1;
}

static int prove(const char *dir, bool json)
{
	struct freeze_proof proof;
	struct ctf_error e;
	int ret = freeze_prove(dir, &proof, &e);

	if (ret) {
		ret = cmd_error("freeze", &e);
	} else {
		freeze_proof_print(stdout, &proof, json);
		ret = freeze_proof_holds(&proof) ? 0 : EXIT_FOUND;
	}
	freeze_proof_free(&proof);
	return cmd_flush("freeze") ? ret : EXIT_TROUBLE;
}

/*
 * What is proven: a line of JSON, then lines for people, @bytes in as many messages as it
 * takes.
 * Return: to be freed, or NULL once it was told why.
 */
static char *hear_proof(const struct arguments *args, int fd, size_t bytes)
{
	char *part = malloc(MOST_BYTES), *all = NULL;
	size_t size = 0;
	ssize_t n = -1;
	struct ctf_error e;
	FILE *f = open_memstream(&all, &size);

	while (f && part &&
	       (n = vmsync_client_answer(fd, args->control, part, MOST_BYTES,
					 &e)) > 0)
		fwrite(part, 1, (size_t)n, f);
	if (!f || !part || fclose(f)) {
		fputs("vmsync freeze: out of memory\n", stderr);
	} else if (n < 0) {
		cmd_error("freeze", &e);
	} else if (size == bytes && strchr(all, '\n')) {
		free(part);
		return all;
	} else {
		fprintf(stderr, "vmsync freeze: %s: only %zu bytes of the proof "
			"came; it is in proof.json\n", args->control, size);
	}
	free(part);
	free(all);
	return NULL;
}

/* @text is "whole BYTES", or "not_whole BYTES". */
static int proven(const struct arguments *args, int fd, const char *dir,
		  const char *text)
{
	const char *bytes = strchr(text, ' ');
	char *proof = hear_proof(args, fd,
				 bytes ? strtoull(bytes, NULL, 10) : 0), *lines;

	if (!proof)
		return EXIT_TROUBLE;
	lines = strchr(proof, '\n');
	*lines++ = 0;
	if (args->json)
		puts(proof);
	else
		printf("%sit is in %s\n", lines, dir);
	free(proof);
	if (!cmd_flush("freeze"))
		return EXIT_TROUBLE;
	return strncmp(text, "whole ", 6) ? EXIT_FOUND : 0;
}

static int freeze(const struct arguments *args, uint64_t at_ns)
{
	char what[MOST_REASON + 64], dir[4096] = "", *text = malloc(MOST_BYTES);
	uint64_t number;
	int fd, ret = EXIT_TROUBLE;

	snprintf(what, sizeof(what), "freeze %" PRIu64 " %" PRId64 " %s", at_ns,
		 args->before_ns, args->reason ? args->reason : "");
	fd = text ? ask(args, what, text) : -1;
	if (fd >= 0 &&
	    sscanf(text, "begun %" SCNu64 " %4095[^\n]", &number, dir) == 2) {
		if (args->no_wait) {
			printf("freeze %" PRIu64 " has begun: %s\n", number, dir);
			ret = cmd_flush("freeze") ? 0 : EXIT_TROUBLE;
		} else if (hear(args, fd, text) > 0) {
			ret = proven(args, fd, dir, text);
		}
	}
	if (fd >= 0)
		close(fd);
	free(text);
	return ret;
}

/* What a condition is true by: waits until it is, and says what it was. */
typedef int (*wait_fn)(void *of, char *what, size_t size, struct ctf_error *e);

static int trigger_wait(void *of, char *what, size_t size, struct ctf_error *e)
{
	return freeze_trigger_wait(of, what, size, e);
}

static int nats_wait(void *of, char *what, size_t size, struct ctf_error *e)
{
	return freeze_nats_wait(of, what, size, e);
}

/*
 * However often it is true, no more is asked than so often: what comes meanwhile is of
 * the same condition, and would be refused.
 */
static void each_time(const struct arguments *args, wait_fn wait, void *of,
		      const char *begin, struct ctf_error *e)
{
	struct arguments each = *args;
	char reason[MOST_REASON + 1], what[128];
	uint64_t next_ns = 0, now_ns;

	each.no_wait = true;
	each.reason = reason;
	while (!wait(of, what, sizeof(what), e)) {
		now_ns = vmsync_port_now();
		if (now_ns < next_ns)
			continue;
		next_ns = now_ns + TRIGGER_NS;
		snprintf(reason, sizeof(reason), "%.120s%.100s",
			 args->reason ? args->reason : begin, what);
		freeze(&each, now_ns);
	}
}

static int on_trigger(const struct arguments *args)
{
	struct ctf_error e;
	struct freeze_trigger *t = freeze_trigger_open(args->trigger, &e);
	char begin[128];

	snprintf(begin, sizeof(begin), "trigger %.100s", args->trigger);
	if (t)
		each_time(args, trigger_wait, t, begin, &e);
	freeze_trigger_close(t);
	return cmd_error("freeze", &e);
}

static int on_nats(const struct arguments *args)
{
	struct ctf_error e;
	struct freeze_nats *n = freeze_nats_open(args->on_nats, args->tls, &e);

	if (n && !freeze_nats_listen(n, args->subject, &e)) {
		fprintf(stderr, "vmsync freeze: listens to %s\n", args->subject);
		each_time(args, nats_wait, n, "", &e);
	}
	freeze_nats_close(n);
	return cmd_error("freeze", &e);
}

/* To one subject after the other: each is a host's. */
static int to_nats(const struct arguments *args)
{
	struct ctf_error e;
	struct freeze_nats *n = freeze_nats_open(args->to_nats, args->tls, &e);
	char *subjects = strdup(args->subject), *subject, *rest;
	int ret = n && subjects ? 0 : EXIT_TROUBLE;

	if (!n)
		cmd_error("freeze", &e);
	for (subject = n && subjects ? strtok_r(subjects, ",", &rest) : NULL; subject;
	     subject = strtok_r(NULL, ",", &rest)) {
		uint64_t began_ns = vmsync_port_now();

		if (freeze_nats_tell(n, subject,
				     args->reason ? args->reason : "", &e))
			ret = cmd_error("freeze", &e);
		else
			printf("%s: heard after %.3f ms\n", subject,
			       (double)(vmsync_port_now() - began_ns) / 1e6);
	}
	free(subjects);
	freeze_nats_close(n);
	return cmd_flush("freeze") ? ret : EXIT_TROUBLE;
}

/* -------------------------------------------------------------------- verbs */

/* "ok", or also what is not recorded. */
static void print_ok(const char *text)
{
	if (strncmp(text, "ok; ", 4))
		return;
	print_clean(stdout, text + 4);
	putchar('\n');
}

/* An answer that is all there is. */
static int verb(const struct arguments *args, const char *what,
		void (*print)(const char *text))
{
	char *text = malloc(MOST_BYTES);
	int fd = text ? ask(args, what, text) : -1;

	if (fd >= 0 && print)
		print(text);
	else if (fd >= 0)
		fputs(text, stdout);
	if (fd >= 0)
		close(fd);
	free(text);
	if (fd < 0)
		return EXIT_TROUBLE;
	return cmd_flush("freeze") ? 0 : EXIT_TROUBLE;
}

static int act(const struct arguments *args)
{
	char what[64];

	if (args->check)
		return prove(args->check, args->json);
	if (args->status)
		return verb(args, "status",
			    args->json ? NULL : cmd_freeze_status_print);
	if (args->trigger)
		return on_trigger(args);
	if (args->on_nats)
		return on_nats(args);
	if (args->to_nats)
		return to_nats(args);
	if (args->detail[0]) {
		snprintf(what, sizeof(what), "detail %" PRId64 " %s",
			 args->detail_ns, args->detail);
		return verb(args, what, print_ok);
	}
	if (!args->quiet)
		return freeze(args, args->at_ns ? args->at_ns :
						  vmsync_port_now());
	snprintf(what, sizeof(what), "quiet %" PRId64, args->quiet_ns);
	return verb(args, what, print_ok);
}

int cmd_freeze(int argc, char **argv)
{
	static const struct option table[] = {
		{ "before", required_argument, NULL, 'b' },
		{ "at", required_argument, NULL, 'a' },
		{ "reason", required_argument, NULL, 'r' },
		{ "on-trigger", required_argument, NULL, 't' },
		{ "on-nats", required_argument, NULL, 'N' },
		{ "to-nats", required_argument, NULL, 'T' },
		{ "subject", required_argument, NULL, 'S' },
		{ "tls", required_argument, NULL, 'L' },
		{ "no-wait", no_argument, NULL, 'n' },
		{ "status", no_argument, NULL, 's' },
		{ "detail", required_argument, NULL, 'd' },
		{ "quiet", required_argument, NULL, 'q' },
		{ "check", required_argument, NULL, 'c' },
		{ "json", no_argument, NULL, 'J' },
		{ "control", required_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"freeze", help, ":h", table, take,
	};
	struct arguments args = { .control = VMSYNC_CLIENT_PATH,
				  .subject = "vmsync.freeze",
				  .before_ns = 1000000000 };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	if (argv[optind])
		return cmd_usage_error("freeze", "'%s': takes no arguments",
				       argv[optind]);
	if (!!args.check + !!args.trigger + args.status + args.quiet +
		    !!args.detail[0] + !!args.on_nats + !!args.to_nats > 1)
		return cmd_usage_error("freeze", "--check, --detail, --on-nats, "
				       "--on-trigger, --quiet, --status and --to-nats are "
				       "one at a time");
	if (args.of_freeze && (args.check || args.status || args.quiet))
		return cmd_usage_error("freeze", "--before, --at, --reason and --no-wait "
						 "are not of --check, --status or --quiet");
	if ((args.trigger || args.on_nats) && args.at_ns)
		return cmd_usage_error("freeze", "--at is not for --on-trigger and "
				       "--on-nats");
	return act(&args);
}
