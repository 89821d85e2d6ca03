// SPDX-License-Identifier: MIT
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "export/clickhouse_ask.h"
#include "export/export.h"

#define USUAL_PORT "8123"

/* Of ClickHouse's own format of blocks: a checksum, which is not looked at,
 * method, and the bytes with this head and without it. */
#define CHECKSUM 16
#define FRAME	 9
#define STORED	 0x02

const char *clickhouse_url_parse(const char *text, struct http_url *url)
{
	const char *wrong = http_url_parse(text, url);

	if (!wrong && !*url->port)
		strcpy(url->port, USUAL_PORT);
	return wrong;
}

static void put_text(struct out *o, const char *s)
{
	out_put(o, s, strlen(s));
}

/* As a part of a URL. */
static void put_escaped(struct out *o, const char *s)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789-_.";
	char hex[4];

	for (; *s; s++) {
		if (strchr(plain, *s)) {
			out_put(o, s, 1);
			continue;
		}
		snprintf(hex, sizeof(hex), "%%%02X", (unsigned char)*s);
		out_put(o, hex, 3);
	}
}

/* @more: parameters, in the form of a URL. */
static int head_make(struct clickhouse *c, const char *sql, const char *more)
{
	struct out *o = &c->head;

	o->p = o->start;
	put_text(o, "/?wait_end_of_query=1&query=");
	put_escaped(o, sql);
	if (*c->url.name) {
		put_text(o, "&database=");
		put_escaped(o, c->url.name);
	}
	put_text(o, more);
	put_text(o, " HTTP/1.0\r\nHost: ");
	put_text(o, c->url.host);
	if (*c->url.user) {
		put_text(o, "\r\nX-ClickHouse-User: ");
		put_text(o, c->url.user);
	}
	if (c->password) {
		put_text(o, "\r\nX-ClickHouse-Key: ");
		put_text(o, c->password);
	}
	out_put(o, "\r\n", 3);
	return o->error;
}

/*
 * "Code: 60, e.displayText() = DB::Exception: Table x doesn't exist., e.what()
 * = ..." and what newer servers say is not all for people.
 */
static void complain(int status, char *answer, char why[HTTP_WHY])
{
	static const char exception[] = "DB::Exception: ";
	char *s = strstr(answer, exception), *end;

	s = s ? s + strlen(exception) : answer;
	end = strstr(s, ", e.what()");
	if (!end)
		end = s + strcspn(s, "\r\n");
	*end = '\0';
	if (*s)
		export_text(s, why, HTTP_WHY);
	else
		snprintf(why, HTTP_WHY, "its answer is %d", status);
}

/* Return: 0 or a negative errno; @why is set. */
static int ask(struct clickhouse *c, const struct http_part *body, size_t n,
	       char answer[HTTP_ANSWER], char why[HTTP_WHY])
{
	int status;

	status = http_post(&c->url, c->head.start, body, n, answer, why);
	if (status == HTTP_OK || status < 0)
		return status < 0 ? status : 0;
	complain(status, answer, why);
	return -EREMOTEIO;
}

int clickhouse_count(struct clickhouse *c, const char *sql, uint64_t *n,
		     char why[HTTP_WHY])
{
	char answer[HTTP_ANSWER], *end = answer;
	int ret = head_make(c, sql, "");

	if (!ret)
		ret = ask(c, NULL, 0, answer, why);
	if (ret)
		return ret;
	if (*answer >= '0' && *answer <= '9')
		*n = strtoull(answer, &end, 10);
	if (end != answer && *end == '\n')
		return 0;
	snprintf(why, HTTP_WHY, "its answer is no number");
	return -EPROTO;
}

/*
 * Of rows alone a server cannot tell that the connection was cut between two of
 * them: it would take those that came. So they are in one block, which has
 * their bytes in its head; that it is not compressed is one of its forms.
 */
int clickhouse_insert(struct clickhouse *c, const char *sql, const char *id,
		      const struct out *rows, char why[HTTP_WHY])
{
	size_t n = (size_t)(rows->p - rows->start);
	uint32_t with = htole32((uint32_t)n + FRAME),
		 alone = htole32((uint32_t)n);
	char frame[CHECKSUM + FRAME] = "", answer[HTTP_ANSWER], more[256];
	const struct http_part body[] = {{frame, sizeof(frame)},
					 {rows->start, n}};
	int ret;

	frame[CHECKSUM] = STORED;
	memcpy(frame + CHECKSUM + 1, &with, 4);
	memcpy(frame + CHECKSUM + 5, &alone, 4);
	snprintf(more, sizeof(more),
		 "&query_id=%s&decompress=1&http_native_"
		 "compression_disable_checksumming_on_decompress=1",
		 id);
	ret = head_make(c, sql, more);
	return ret ? ret : ask(c, body, 2, answer, why);
}
