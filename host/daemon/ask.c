// SPDX-License-Identifier: MIT
#include "daemon/ask.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

bool vmsync_client_say(const struct vmsync_client *client, const char *text)
{
	return send(client->fd, text, strlen(text),
		    MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

struct vmsync_client *vmsync_ask_recorder(struct vmsync_client *all)
{
	size_t i;

	for (i = 0; i < VMSYNC_CONTROL_CLIENTS; i++) {
		if (all[i].fd >= 0 && all[i].recorder)
			return &all[i];
	}
	return NULL;
}

const char *vmsync_ask(struct vmsync_client *all, struct vmsync_client *client,
		       uint32_t number, const char *text)
{
	const struct vmsync_client *recorder = vmsync_ask_recorder(all);
	char line[1024];

	if (!recorder)
		return "error: no flight recorder is there; start one: vmsync record "
		       "--snapshot --on-freeze";
	if (snprintf(line, sizeof(line), "%" PRIu32 "\tuid=%" PRIu32 " pid=%" PRId32
		     "\t%s", number, client->uid, client->pid,
		     text) >= (int)sizeof(line))
		return "error: that is too long";
	if (!vmsync_client_say(recorder, line))
		return "error: the flight recorder takes nothing now";
	client->ask = number;
	return NULL;
}

struct vmsync_client *vmsync_ask_answer(struct vmsync_client *all, char *text)
{
	char *end;
	uint32_t number = (uint32_t)strtoul(text, &end, 10);
	size_t i;

	for (i = 0; number && i < VMSYNC_CONTROL_CLIENTS; i++) {
		if (all[i].fd < 0 || all[i].ask != number)
			continue;
		if (*end == '\t' && vmsync_client_say(&all[i], end + 1))
			return NULL;
		return &all[i];
	}
	return NULL;
}
