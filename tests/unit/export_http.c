// SPDX-License-Identifier: MIT
/*
 * What becomes of a URL, and of a server that takes its time: a request never
 * lasts longer than it may.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "export/http.h"

static bool is(const char *text, const char *user, const char *host,
	       const char *port, const char *name)
{
	struct http_url u;

	return !http_url_parse(text, &u) && !strcmp(u.user, user) &&
	       !strcmp(u.host, host) && !strcmp(u.port, port) &&
	       !strcmp(u.name, name);
}

static void urls(void)
{
	static const char *const wrong[] = {
		"",
		"host",
		"https://host",
		"http://",
		"http:///x",
		"http://@/x",
		"http://:1",
		"http://h:/",
		"http://h:x",
		"http://[::1",
		"http://[::1]x",
		"http://u:p@h",
		"http://[]",
		"http://h\r\n",
		"http://h:123456789",
	};
	struct http_url u;
	size_t i;

	CHECK(is("http://h", "", "h", "", ""));
	CHECK(is("http://h/", "", "h", "", ""));
	CHECK(is("http://h:1/n", "", "h", "1", "n"));
	CHECK(is("http://u@h:12345/n", "u", "h", "12345", "n"));
	CHECK(is("http://[::1]", "", "::1", "", ""));
	CHECK(is("http://u@[fe80::1%eth0]:9/n@:", "u", "fe80::1%eth0", "9",
		 "n@:"));
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		CHECK(http_url_parse(wrong[i], &u));
}

/* One that accepts, as its kernel does, and never says anything. */
static int listener(struct http_url *u)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	CHECK(!bind(fd, (struct sockaddr *)&a, n) && !listen(fd, 1));
	CHECK(!getsockname(fd, (struct sockaddr *)&a, &n));
	CHECK(!http_url_parse("http://127.0.0.1", u));
	snprintf(u->port, sizeof(u->port), "%d", ntohs(a.sin_port));
	u->patience_s = 1;
	return fd;
}

static void silent(size_t bytes)
{
	static char body[64 << 20];
	const struct http_part part = { body, bytes };
	char answer[HTTP_ANSWER], why[HTTP_WHY] = "";
	struct http_url u;
	int fd = listener(&u);

	CHECK_EQ(http_post(&u, "/ HTTP/1.0\r\n", &part, 1, answer, why),
		 -ETIMEDOUT);
	CHECK(strstr(why, "timed out"));
	close(fd);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	urls();
	silent(0);
	silent(64 << 20);
	return check_done();
}
