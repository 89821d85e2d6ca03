// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "record/client.h"

static const char help[] =
"usage: vmsync status [OPTION]...\n"
"\n"
"Asks vmsyncd on this host which guests it knows and how their beacons come.\n"
"\n"
"      --json          for programs\n"
"      --watch         again every second, until it is stopped\n"
"      --control=PATH  the control socket of vmsyncd, instead of\n"
"                      " VMSYNC_CLIENT_PATH "\n"
"  -h, --help          this text\n"
"\n"
"Exit status: 0, or 2 where vmsyncd does not answer.\n";

struct arguments {
	const char *control;
	bool json;
	bool watch;
};

static const char *const modules[] = { "vmsync", "vmsync_host" };

#define N_MODULES (sizeof(modules) / sizeof(modules[0]))

static bool is_loaded(const char *module)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s", module);
	return !access(path, F_OK);
}

static void print_json(const struct vmsync_client_list *list)
{
	size_t i;

	printf("{\"vmsyncd\": %s,\n\"modules\": {", list->daemon);
	for (i = 0; i < N_MODULES; i++)
		printf("%s\"%s\": %s", i ? ", " : "", modules[i],
		       is_loaded(modules[i]) ? "true" : "false");
	fputs("},\n\"guests\": [", stdout);
	for (i = 0; i < list->n; i++)
		printf("%s%s", i ? ",\n" : "\n", list->guest[i]);
	fputs("\n]}\n", stdout);
}

static const char *field(const char *object, const char *key)
{
	static char text[4][8192];
	static unsigned int at;
	char *out = text[at++ % 4];

	vmsync_client_field(object, key, out, sizeof(text[0]));
	return out;
}

static bool holds(const char *object, const char *key)
{
	return !strcmp(field(object, key), "true");
}

static const char *link_is(const char *guest)
{
	const char *port = field(guest, "port");

	if (strcmp(port, "there"))
		return !strcmp(port, "none") ?
			       "no port (vmsync setup guest adds it)" :
			       "its port is no unix socket of QEMU's";
	if (!holds(guest, "connected"))
		return "its socket is not there, or taken";
	return holds(guest, "heard") ? "an agent was heard" :
				       "nothing heard of an agent";
}

static void print_guest(const char *guest)
{
	/* Control characters are escaped in what vmsyncd sends. */
	printf("\n%s\n", field(guest, "name"));
	if (*field(guest, "uuid"))
		printf("  uuid     %s\n", field(guest, "uuid"));
	if (strcmp(field(guest, "pid"), "0"))
		printf("  QEMU     process %s, vCPU threads %s\n",
		       field(guest, "pid"), field(guest, "vcpu_threads"));
	printf("  port     %s%s\n", link_is(guest),
	       holds(guest, "recorded") ? ", being recorded" : "");
	if (!strcmp(field(guest, "last_age_ms"), "null"))
		return;
	printf("  beacons  %s, %s in the last second, the last one %s ms ago; "
	       "%s dropped\n",
	       field(guest, "beacons"), field(guest, "beacons_per_s"),
	       field(guest, "last_age_ms"), field(guest, "dropped"));
}

static void print_text(const struct vmsync_client_list *list)
{
	size_t i;

	printf("vmsyncd: process %s, %zu guest%s\n", field(list->daemon, "pid"),
	       list->n, list->n == 1 ? "" : "s");
	printf("modules:");
	for (i = 0; i < N_MODULES; i++)
		printf(" %s %s", modules[i],
		       is_loaded(modules[i]) ? "loaded" : "not loaded");
	putchar('\n');
	for (i = 0; i < list->n; i++)
		print_guest(list->guest[i]);
}

static int once(const struct arguments *args)
{
	struct vmsync_client_list list;
	struct ctf_error e;

	if (vmsync_client_list(args->control, &list, &e))
		return cmd_error("status", &e);
	if (args->json)
		print_json(&list);
	else
		print_text(&list);
	vmsync_client_free(&list);
	return cmd_flush("status") ? 0 : EXIT_TROUBLE;
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	switch (option) {
	case 'J':
		args->json = true;
		break;
	case 'W':
		args->watch = true;
		break;
	default:
		args->control = value;
	}
	return 0;
}

int cmd_status(int argc, char **argv)
{
	static const struct option table[] = {
		{ "json", no_argument, NULL, 'J' },
		{ "watch", no_argument, NULL, 'W' },
		{ "control", required_argument, NULL, 'C' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"status", help, ":h", table, take,
	};
	struct arguments args = { .control = VMSYNC_CLIENT_PATH };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	if (argv[optind])
		return cmd_usage_error("status", "'%s': takes no arguments",
				       argv[optind]);
	for (;;) {
		ret = once(&args);
		if (ret || !args.watch)
			return ret;
		sleep(1);
		/* What people look at is at one place. */
		if (!args.json && isatty(STDOUT_FILENO))
			fputs("\033[H\033[J", stdout);
	}
}
