// SPDX-License-Identifier: MIT
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "export/http.h"

#define SCHEME "http://"

/* --------------------------------------------------------------------- URL */

/* The @n bytes at @s as a string of its own: false where they do not fit. */
static bool copy(char *to, size_t size, const char *s, size_t n)
{
	if (n >= size)
		return false;
	memcpy(to, s, n);
	to[n] = '\0';
	return true;
}

/* [HOST]:PORT, HOST:PORT, with or without port; up to @end. */
static bool host_parse(const char *s, const char *end, struct http_url *url)
{
	const char *until = end, *port;

	if (*s == '[') {
		s++;
		until = memchr(s, ']', (size_t)(end - s));
		if (!until)
			return false;
		port = until + 1;
	} else {
		port = memchr(s, ':', (size_t)(end - s));
		until = port ? port : end;
		port = until;
	}
	if (port < end && (*port++ != ':' || port == end))
		return false;
	return until > s &&
	       copy(url->host, sizeof(url->host), s, (size_t)(until - s)) &&
	       copy(url->port, sizeof(url->port), port, (size_t)(end - port)) &&
	       strspn(url->port, "0123456789") == strlen(url->port);
}

const char *http_url_parse(const char *text, struct http_url *url)
{
	const char *s = text + strlen(SCHEME), *end, *at;

	*url = (struct http_url){ .patience_s = HTTP_PATIENCE_S };
	if (!strncmp(text, "https://", 8))
		return "TLS is left to others, as stunnel: http:// to its port";
	if (strncmp(text, SCHEME, strlen(SCHEME)) || strpbrk(text, " \t\r\n"))
		return "not http://[USER@]HOST[:PORT]/DATABASE";
	end = s + strcspn(s, "/");
	if (*end &&
	    !copy(url->name, sizeof(url->name), end + 1, strlen(end + 1)))
		return "too long a name of a database";
	at = memchr(s, '@', (size_t)(end - s));
	if (at && memchr(s, ':', (size_t)(at - s)))
		return "a password is not for a command line, which all can "
		       "see";
	if (at && !copy(url->user, sizeof(url->user), s, (size_t)(at - s)))
		return "too long a name of a user";
	if (!host_parse(at ? at + 1 : s, end, url))
		return "no host and port";
	return NULL;
}

/* -------------------------------------------------------------- connection */

static int fail(char why[HTTP_WHY], int err, const char *what)
{
	/* How the kernel says that a time of ours is over. */
	if (err == EAGAIN || err == EINPROGRESS)
		err = ETIMEDOUT;
	snprintf(why, HTTP_WHY, "%s%s%s", what, *what ? ": " : "",
		 strerror(err));
	return -err;
}

static int connect_to(const struct addrinfo *a, int patience_s,
		      char why[HTTP_WHY])
{
	struct timeval time = { .tv_sec = patience_s };
	int err, fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC,
			     a->ai_protocol);

	if (fd < 0)
		return fail(why, errno, "");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
	if (!connect(fd, a->ai_addr, a->ai_addrlen))
		return fd;
	err = errno;
	close(fd);
	return fail(why, err, "");
}

static int dial(const struct http_url *url, char why[HTTP_WHY])
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *a;
	int ret = getaddrinfo(url->host, url->port, &hints, &list);

	if (ret) {
		snprintf(why, HTTP_WHY, "%s", gai_strerror(ret));
		return -EHOSTUNREACH;
	}
	ret = -EHOSTUNREACH;
	for (a = list; a && ret < 0; a = a->ai_next)
		ret = connect_to(a, url->patience_s, why);
	freeaddrinfo(list);
	return ret;
}

static int send_all(int fd, const void *bytes, size_t n)
{
	const char *s = bytes;

	while (n) {
		ssize_t sent = send(fd, s, n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return -errno;
		s += sent;
		n -= (size_t)sent;
	}
	return 0;
}

/* Return: 0 or a negative errno. */
static int request(int fd, const char *head, const struct http_part *body,
		   size_t n)
{
	char length[64];
	size_t i, bytes = 0;
	int ret;

	for (i = 0; i < n; i++)
		bytes += body[i].n;
	snprintf(length, sizeof(length), "Content-Length: %zu\r\n\r\n", bytes);
	ret = send_all(fd, "POST ", 5);
	if (!ret)
		ret = send_all(fd, head, strlen(head));
	if (!ret)
		ret = send_all(fd, length, strlen(length));
	for (i = 0; !ret && i < n; i++)
		ret = send_all(fd, body[i].bytes, body[i].n);
	return ret;
}

/* ------------------------------------------------------------------ answer */

/* What comes until it ends or there is no room for more: bytes, or why none do.
 */
static ssize_t receive(int fd, char *buf, size_t size)
{
	size_t n = 0;

	while (n < size) {
		ssize_t got = recv(fd, buf + n, size - n, 0);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && !n)
			return -errno;
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	return (ssize_t)n;
}

/* Return: its status, -EPROTO: it is none. */
static int status_of(const char *head)
{
	char *end;
	long status;

	if (strncmp(head, "HTTP/1.", 7) || strlen(head) < 12 || head[8] != ' ')
		return -EPROTO;
	status = strtol(head + 9, &end, 10);
	return end == head + 12 && status >= 100 ? (int)status : -EPROTO;
}

/* @sent: how sending went; what is answered all the same says more than that.
 */
static int answered(int fd, int sent, char answer[HTTP_ANSWER],
		    char why[HTTP_WHY])
{
	char buf[2 * HTTP_ANSWER];
	ssize_t n = receive(fd, buf, sizeof(buf) - 1);
	const char *text;
	int status;

	if (n < 0 && !sent)
		return fail(why, (int)-n, "no answer");
	buf[n > 0 ? n : 0] = '\0';
	text = strstr(buf, "\r\n\r\n");
	if (!text && sent)
		return fail(why, -sent, "sending");
	if (!text) {
		snprintf(why, HTTP_WHY, "it ended the connection %s its answer",
			 n ? "in the middle of" : "without");
		return -ECONNRESET;
	}
	status = status_of(buf);
	if (status < 0)
		snprintf(why, HTTP_WHY, "what answers is no HTTP server");
	if (status == HTTP_OK && sent)
		return fail(why, -sent, "sending");
	snprintf(answer, HTTP_ANSWER, "%s", text + 4);
	return status;
}

int http_post(const struct http_url *url, const char *head,
	      const struct http_part *body, size_t n, char answer[HTTP_ANSWER],
	      char why[HTTP_WHY])
{
	int ret, fd = dial(url, why);

	if (fd < 0)
		return fd;
	ret = request(fd, head, body, n);
	ret = answered(fd, ret, answer, why);
	close(fd);
	return ret;
}
