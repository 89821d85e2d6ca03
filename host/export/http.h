/* SPDX-License-Identifier: MIT */
/*
 * Requests by HTTP/1.0, each on a connection of its own, as far as a database
 * needs them that takes rows in the body of a POST: no TLS, nothing that is
 * followed.
 */
#ifndef VMSYNC_EXPORT_HTTP_H
#define VMSYNC_EXPORT_HTTP_H

#include <stddef.h>

#define HTTP_OK		200
#define HTTP_ANSWER	2048 /* bytes of an answer's text that are of interest */
#define HTTP_WHY	200
#define HTTP_PATIENCE_S 60

/**
 * struct http_url - http://[USER@]HOST[:PORT][/NAME]
 * @user:	"": none was given
 * @host:	IPv6 without its brackets
 * @port:	"": none was given
 * @name:	what is behind the first slash, "": nothing
 * @patience_s:	what takes longer will not come
 */
struct http_url {
	char user[64];
	char host[256];
	char port[8];
	char name[64];
	int patience_s;
};

/** http_url_parse() - NULL, or in words what is wrong with it */
const char *http_url_parse(const char *text, struct http_url *url);

/** struct http_part - a part of what is sent: @n bytes */
struct http_part {
	const void *bytes;
	size_t n;
};

/**
 * http_post() - one request, and what is answered
 * @url:	whose server
 * @head:	path and headers: what is sent behind "POST " and before the
 *length and the empty line, with a line end at its end
 * @body:	[@n]
 * @answer:	text of the answer, its first bytes, ends with NUL
 * @why:	where it fails, in words
 * Return: the answer's status, or a negative errno.
 */
int http_post(const struct http_url *url, const char *head,
	      const struct http_part *body, size_t n, char answer[HTTP_ANSWER],
	      char why[HTTP_WHY]);

#endif /* VMSYNC_EXPORT_HTTP_H */
