// SPDX-License-Identifier: MIT
#include "cmd_freeze_status.h"

#include <stdio.h>
#include <string.h>

#include "base/json_in.h"
#include "fuse/print.h"
#include "record/client.h"

static const char *field(const char *object, const char *key)
{
	static char text[4][4096];
	static unsigned int at;
	char *out = text[at++ % 4];

	vmsync_client_field(object, key, out, sizeof(text[0]));
	return out;
}

struct guest_status {
	char name[IN_MAX_STRING];
	char is[IN_MAX_STRING];
	char said[IN_MAX_STRING];
};

static bool guest_member(struct vmsync_in *p, const char *key, void *ctx,
			 unsigned int *seen)
{
	struct guest_status *g = ctx;

	(void)seen;
	if (!strcmp(key, "name"))
		return in_string(p, g->name);
	if (!strcmp(key, "is"))
		return in_string(p, g->is);
	return strcmp(key, "said") ? in_skip(p) : in_string(p, g->said);
}

static bool guest_print(struct vmsync_in *p, void *ctx)
{
	struct guest_status g = { .name = "" };
	unsigned int seen;

	(void)ctx;
	if (!in_object(p, guest_member, &g, &seen))
		return false;
	fputs("guest:    ", stdout);
	print_clean(stdout, g.name);
	printf(": %s%s", g.is, g.said[0] ? "; " : "");
	print_clean(stdout, g.said);
	putchar('\n');
	return true;
}

static bool status_member(struct vmsync_in *p, const char *key, void *ctx,
			  unsigned int *seen)
{
	(void)seen;
	return strcmp(key, "guests") ? in_skip(p) : in_array(p, guest_print, ctx);
}

static void print_guests(const char *text)
{
	struct vmsync_in p = { .line = 1 };
	unsigned int seen;

	p.f = fmemopen((void *)text, strlen(text), "r");
	if (!p.f)
		return;
	in_file(&p, status_member, NULL, &seen);
	fclose(p.f);
}

void cmd_freeze_status_print(const char *s)
{
	printf("flight recorder: process %s, into %s\n", field(s, "pid"),
	       field(s, "output"));
	printf("frozen:   %s, the last one is freeze-%s%s\n", field(s, "frozen"),
	       field(s, "last"),
	       !strcmp(field(s, "under_way"), "true") ? ", under way" : "");
	printf("allowed:  %s more in this hour of %s; not for %s s (dead time), "
	       "%s s (quiet)\n", field(s, "left"), field(s, "per_hour"),
	       field(s, "dead_s"), field(s, "quiet_s"));
	printf("events:   %s", field(s, "events"));
	if (strcmp(field(s, "detail_s"), "0"))
		printf(", for %s s more", field(s, "detail_s"));
	printf("%s%s\n", *field(s, "detail_said") ? "; " : "",
	       field(s, "detail_said"));
	printf("disk:     %s of %s bytes\n", field(s, "used_bytes"),
	       field(s, "disk_bytes"));
	printf("refused:  %s\n", field(s, "refused"));
	if (*field(s, "host_said"))
		printf("host:     %s\n", field(s, "host_said"));
	print_guests(s);
	if (strcmp(field(s, "guests_left_out"), "0"))
		printf("guests:   %s more; vmsync status lists all\n",
		       field(s, "guests_left_out"));
}
