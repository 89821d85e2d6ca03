// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "doctor/doctor.h"
#include "base/json_string.h"

static const char help[] =
"usage: vmsync doctor [OPTION]...\n"
"\n"
"Looks at what a recording needs, on a KVM host or in a guest, and says what is\n"
"missing and how to get it. Nothing is changed, loaded or started.\n"
"\n"
"      --host          as a host, whatever this machine seems to be\n"
"      --guest         as a guest\n"
"      --root=DIR      look at the system that is mounted there\n"
"      --json          for programs\n"
"  -h, --help          this text\n"
"\n"
"Each line is \"ok\"; \"limits\", where a recording can be made but is not as exact\n"
"or as complete as it might be; or \"lacks\", where none can be made.\n"
"\n"
"Exit status: 0 all is well, 1 something is missing, 2 it could not be looked.\n";

static const char *const state_names[] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_LIMITS] = "limits",
	[DOCTOR_LACKS] = "lacks",
};

struct arguments {
	struct doctor doctor;
	bool host;
	bool guest;
	bool json;
};

static void print_text(const struct doctor *d)
{
	printf("%s, kernel %s\n",
	       d->host && d->guest ? "a guest that is a KVM host as well" :
	       d->guest ? "a KVM guest" : "a KVM host", d->release);
	for (size_t i = 0; i < d->n; i++) {
		const struct doctor_check *c = &d->checks[i];

		printf("%-7s %s: %s\n", state_names[c->state], c->name,
		       c->found);
		if (*c->remedy)
			printf("        -> %s\n", c->remedy);
	}
}

static void print_json(const struct doctor *d)
{
	printf("{\"vmsync_doctor\": 1, \"host\": %s, \"guest\": %s,\n"
	       " \"kernel\": ", d->host ? "true" : "false",
	       d->guest ? "true" : "false");
	vmsync_json_string(stdout, d->release);
	printf(", \"state\": \"%s\",\n \"checks\": [",
	       state_names[doctor_worst(d)]);
	for (size_t i = 0; i < d->n; i++) {
		const struct doctor_check *c = &d->checks[i];

		printf("%s\n  {\"name\": \"%s\", \"state\": \"%s\", \"found\": ",
		       i ? "," : "", c->name, state_names[c->state]);
		vmsync_json_string(stdout, c->found);
		printf(", \"remedy\": ");
		vmsync_json_string(stdout, c->remedy);
		printf("}");
	}
	printf("\n]}\n");
}

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	switch (option) {
	case 'H':
		args->host = true;
		break;
	case 'G':
		args->guest = true;
		break;
	case 'J':
		args->json = true;
		break;
	default:
		args->doctor.root = value;
	}
	return 0;
}

int cmd_doctor(int argc, char **argv)
{
	static const struct option table[] = {
		{ "host", no_argument, NULL, 'H' },
		{ "guest", no_argument, NULL, 'G' },
		{ "json", no_argument, NULL, 'J' },
		{ "root", required_argument, NULL, 'R' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"doctor", help, ":h", table, take,
	};
	struct arguments args = { .doctor = { .root = "" } };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret != CMD_GO_ON)
		return ret;
	if (argv[optind])
		return cmd_usage_error("doctor", "'%s': takes no traces",
				       argv[optind]);
	if (doctor_roles(&args.doctor))
		return cmd_usage_error("doctor",
				       "%s/proc: no kernel is seen there",
				       args.doctor.root);
	if (args.host || args.guest) {
		args.doctor.host = args.host;
		args.doctor.guest = args.guest;
	}
	doctor_look(&args.doctor);
	if (args.json)
		print_json(&args.doctor);
	else
		print_text(&args.doctor);
	if (!cmd_flush("doctor"))
		return EXIT_TROUBLE;
	return doctor_worst(&args.doctor) == DOCTOR_OK ? 0 : EXIT_FOUND;
}
