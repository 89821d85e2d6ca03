// SPDX-License-Identifier: MIT
#include "freeze/recorder.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/socket.h>

/* Of a message. Client, vmsyncd and their sockets have room for several of them. */
#define PART_BYTES 32768

static void send_to(const struct freeze_recorder *r, const char *text)
{
	if (r->fd >= 0)
		send(r->fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* Who takes no answer is hung up on by vmsyncd: nobody is waited for. */
void freeze_answer(const struct freeze_recorder *r, uint32_t ask, bool more,
		   const char *format, ...)
{
	static char text[FREEZE_ANSWER_BYTES + 16];
	size_t n;
	va_list ap;

	n = (size_t)snprintf(text, sizeof(text), "%" PRIu32 "\t", ask);
	va_start(ap, format);
	vsnprintf(text + n, sizeof(text) - n, format, ap);
	va_end(ap);
	send_to(r, text);
	snprintf(text, sizeof(text), "%" PRIu32, ask);
	if (!more)
		send_to(r, text);
}

bool freeze_answer_part(struct freeze_recorder *r)
{
	struct freeze_now *now = &r->now;
	size_t left = r->job.n - now->told;
	bool more = left > PART_BYTES;
	size_t n = more ? PART_BYTES : left;

	freeze_answer(r, now->ask, more, "%.*s", (int)n,
		      r->job.said + now->told);
	now->told += n;
	return !more;
}
