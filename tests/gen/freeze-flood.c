// SPDX-License-Identifier: MIT
/*
 * freeze-flood CONTROL SECONDS RATE: asks vmsyncd's flight recorder for a freeze so
 * often a second, and does not wait for what it makes of one. In the end it prints how
 * often it asked, how often one was begun, and refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "port/now.h"
#include "record/client.h"

#define SECOND 1000000000ull

static bool ask(const char *path, char *text, size_t size)
{
	struct ctf_error e;
	int fd = vmsync_client_ask(path, "freeze 0 1000000000 flood", &e);

	if (fd < 0) {
		snprintf(text, size, "error");
		return false;
	}
	if (vmsync_client_answer(fd, path, text, size, &e) <= 0)
		snprintf(text, size, "error: %s", e.msg);
	close(fd);
	return true;
}

int main(int argc, char **argv)
{
	uint64_t begun = 0, refused = 0, other = 0, asked = 0, begin_ns, rate;
	char text[65536];

	if (argc != 4)
		return 2;
	rate = strtoull(argv[3], NULL, 10);
	begin_ns = vmsync_port_now();
	for (;;) {
		uint64_t ns = vmsync_port_now() - begin_ns;
		struct timespec some = { 0, 100000 };

		if (ns >= strtoull(argv[2], NULL, 10) * SECOND)
			break;
		/* One that was late catches up. */
		if (asked >= ns * rate / SECOND) {
			nanosleep(&some, NULL);
			continue;
		}
		asked++;
		ask(argv[1], text, sizeof(text));
		if (!strncmp(text, "begun ", 6))
			begun++;
		else if (!strncmp(text, "refused: ", 9))
			refused++;
		else
			other++;
	}
	printf("{\"asked\": %llu, \"begun\": %llu, \"refused\": %llu, \"other\": "
	       "%llu}\n", (unsigned long long)asked, (unsigned long long)begun,
	       (unsigned long long)refused, (unsigned long long)other);
	return 0;
}
