// SPDX-License-Identifier: MIT
/*
 * What is sent to a server of ClickHouse, byte by byte: a host's name is a text
 * of SQL whatever it has, rows are RowBinary, and they are in one block with
 * its length.
 */
#include <arpa/inet.h>
#include <endian.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"
#include "export/clickhouse_load.h"

#define REQUESTS 4
#define CHECKSUM 16

/* A server that says what it is told to, and keeps what it was asked. */
static const char *const answers[REQUESTS] = {
	/* columns, rows of the chunk, the insertion, rows of all */
	"HTTP/1.0 200 OK\r\n\r\n11\n",
	"HTTP/1.0 200 OK\r\n\r\n0\n",
	"HTTP/1.0 200 OK\r\n\r\n",
	"HTTP/1.0 200 OK\r\n\r\n1\n",
};
static char asked[REQUESTS][4096];
static size_t asked_n[REQUESTS];

/* All of a request: its head, and what that says comes behind it. */
static void take(int fd, int nr)
{
	char *buf = asked[nr];
	size_t n = 0, wanted = sizeof(asked[nr]) - 1;

	while (n < wanted) {
		ssize_t got = recv(fd, buf + n, wanted - n, 0);
		const char *end;

		if (got <= 0)
			break;
		n += (size_t)got;
		end = strstr(buf, "\r\n\r\n");
		if (end)
			wanted = (size_t)(end + 4 - buf) +
				 strtoul(strstr(buf, "Content-Length: ") + 16,
					 NULL, 10);
	}
	asked_n[nr] = n;
}

static void *serve(void *listener)
{
	int i;

	for (i = 0; i < REQUESTS; i++) {
		int fd = accept(*(int *)listener, NULL, NULL);

		take(fd, i);
		send(fd, answers[i], strlen(answers[i]), MSG_NOSIGNAL);
		close(fd);
	}
	return NULL;
}

static int listener(struct http_url *url)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(!bind(fd, (struct sockaddr *)&a, n) && !listen(fd, 1));
	CHECK(!getsockname(fd, (struct sockaddr *)&a, &n));
	CHECK(!clickhouse_url_parse("http://me@127.0.0.1/d&b", url));
	CHECK(!strcmp(url->port, "8123"));
	snprintf(url->port, sizeof(url->port), "%d", ntohs(a.sin_port));
	return fd;
}

/* A thread without a process, and with a name. */
static void load(const struct http_url *url)
{
	const struct export_value row[] = {
		{ .number = 1 },  { .number = -2 },	    { .number = 3 },
		{ .none = true }, { .text = "it\xc3\xa9" },
	};
	const struct clickhouse_recording r = {
		.host = "it's\\",
		.origin = { .boot = { .none = true },
			    .realtime = { .number = 86400000000000 * 300 } },
		.from_ns = 86400000000000ll * 7 + 1,
		.number = 0x0102030405060708,
	};
	struct clickhouse_load *l = clickhouse_load_new(url, "secret", &r);
	uint32_t all;

	CHECK(!clickhouse_load_row(l, EXPORT_THREADS, row));
	CHECK(!clickhouse_load_end(l));
	CHECK_EQ(clickhouse_load_old(l, &all), 0);
	CHECK_EQ(all, 1);
	clickhouse_load_free(l);
}

static void block_check(const char *request, size_t n)
{
	static const char row[] =
		"\1\0\0\0\0\0\0\0"		   /* thread */
		"\xfe\xff\xff\xff\xff\xff\xff\xff" /* machine */
		"\3\0\0\0\0\0\0\0"		   /* tid */
		"\1"				   /* no pid */
		"\0\4it\xc3\xa9"		   /* a name */
		"\5it's\\"			   /* host */
		"\1"				   /* no boot */
		"\0"
		"\x00\x00\x94\x48\x1a\x16\x5c\x00" /* 300 days */
		"\x33\1"			   /* day 307 */
		"\x08\x07\x06\x05\x04\x03\x02\x01"
		"\0\0\0\0";
	const char *body = strstr(request, "\r\n\r\n") + 4;
	uint32_t with, alone;

	CHECK_EQ(n - (size_t)(body - request), CHECKSUM + 9 + sizeof(row) - 1);
	CHECK(body[CHECKSUM] == 0x02);
	memcpy(&with, body + CHECKSUM + 1, 4);
	memcpy(&alone, body + CHECKSUM + 5, 4);
	CHECK_EQ(le32toh(with), sizeof(row) - 1 + 9);
	CHECK_EQ(le32toh(alone), sizeof(row) - 1);
	CHECK(!memcmp(body + CHECKSUM + 9, row, sizeof(row) - 1));
}

int main(int argc, char **argv)
{
	struct http_url url;
	pthread_t thread;
	int i, fd;

	check_init(argc, argv);
	fd = listener(&url);
	CHECK(!pthread_create(&thread, NULL, serve, &fd));
	load(&url);
	pthread_join(thread, NULL);
	close(fd);
	for (i = 0; i < REQUESTS; i++) {
		CHECK(strstr(asked[i], "&database=d%26b"));
		CHECK(strstr(asked[i], "\r\nX-ClickHouse-User: me\r\n"
				       "X-ClickHouse-Key: secret\r\n"));
	}
	CHECK(strstr(asked[1], "host%20%3D%20%27it%5C%27s%5C%5C%27%20AND%20"
			       "recording%20%3D%2072623859790382856%20AND%20"
			       "chunk%20%3D%200"));
	CHECK(strstr(asked[2], "&query_id=vmsync-0102030405060708-threads-0&"));
	block_check(asked[2], asked_n[2]);
	return check_done();
}
