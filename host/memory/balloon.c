// SPDX-License-Identifier: MIT
#include "memory/balloon.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 256

/* Devices with a name of their own, and those without one. */
static const char *const folders[] = { "/machine/peripheral",
				       "/machine/peripheral-anon" };

/* The name of the member whose type is that of a balloon; of QEMU's own making. */
static bool name_find(const char *reply, const char *folder, char *path)
{
	const char *type = strstr(reply, "child<virtio-balloon"), *p = reply, *at;
	char *name;

	/* In each object the name is before the type, or behind it. */
	if (!type)
		return false;
	while ((at = strchr(p, '{')) && at < type)
		p = at + 1;
	name = memory_reply_text(p, "name");
	if (!name || strpbrk(name, "\"\\") ||
	    snprintf(path, PATH_BYTES, "%s/%s", folder, name) >= PATH_BYTES)
		path[0] = 0;
	free(name);
	return path[0];
}

static int device_find(struct memory_monitor *m, char path[PATH_BYTES],
		       struct ctf_error *e)
{
	char command[256], *reply;
	size_t i;
	int ret = 0;

	path[0] = 0;
	for (i = 0; i < 2 && !path[0] && !ret; i++) {
		snprintf(command, sizeof(command),
			 "{\"execute\": \"qom-list\", \"arguments\": "
			 "{\"path\": \"%s\"}}", folders[i]);
		ret = memory_monitor_ask(m, command, &reply, e);
		if (ret)
			break;
		name_find(reply, folders[i], path);
		free(reply);
	}
	return ret;
}

static int property_ask(struct memory_monitor *m, const char *path,
			const char *property, char **reply, struct ctf_error *e)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "{\"execute\": \"qom-get\", \"arguments\": "
		 "{\"path\": \"%s\", \"property\": \"%s\"}}", path, property);
	return memory_monitor_ask(m, command, reply, e);
}

/* A QEMU without the property has not what it is about. */
static int reports_ask(struct memory_balloon *b, struct memory_monitor *m,
		       const char *path, struct ctf_error *e)
{
	char *reply;
	int ret = property_ask(m, path, "free-page-reporting", &reply, e);

	if (ret)
		return ret == -EREMOTEIO ? 0 : ret;
	b->reports = strstr(reply, "true");
	free(reply);
	return 0;
}

static int stats_ask(struct memory_balloon *b, struct memory_monitor *m,
		     const char *path, struct ctf_error *e)
{
	char *reply;
	int ret = property_ask(m, path, "guest-stats", &reply, e);

	if (ret)
		return ret == -EREMOTEIO ? 0 : ret;
	if (memory_reply_number(reply, "last-update", &b->told_s) && b->told_s) {
		memory_reply_number(reply, "stat-free-memory", &b->free);
		memory_reply_number(reply, "stat-available-memory", &b->available);
		memory_reply_number(reply, "stat-total-memory", &b->total);
	}
	free(reply);
	return 0;
}

int memory_balloon_ask(struct memory_balloon *b, struct memory_monitor *m,
		       struct ctf_error *e)
{
	char path[PATH_BYTES], *reply;
	int ret = device_find(m, path, e);

	*b = (struct memory_balloon){ .there = path[0] };
	if (ret || !b->there)
		return ret;
	ret = memory_monitor_ask(m, "{\"execute\": \"query-balloon\"}", &reply, e);
	if (!ret) {
		memory_reply_number(reply, "actual", &b->actual);
		free(reply);
	}
	/* Before the guest has its driver there is no balloon yet. */
	if (ret && ret != -EREMOTEIO)
		return ret;
	ret = reports_ask(b, m, path, e);
	return ret ? ret : stats_ask(b, m, path, e);
}
