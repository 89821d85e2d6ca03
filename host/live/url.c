// SPDX-License-Identifier: MIT
#include "live/url.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"

#define SCHEME "tcp://"
#define VSOCK  "vsock://"
#define PORT "5344"

static int refuse(const char *text, struct ctf_error *e)
{
	return vmsync_fail(e, -EINVAL, "say tcp://HOST[:PORT]/SESSION, or vsock://CID[:PORT]/SESSION",
			   "not a relay daemon's address: %s", text);
}

/* [@p, @end), not empty, which has to go into @size bytes with its end. */
static bool copy(char *out, size_t size, const char *p, const char *end)
{
	size_t n = (size_t)(end - p);

	if (!n || n >= size)
		return false;
	memcpy(out, p, n);
	out[n] = '\0';
	return true;
}

static bool take_port(struct live_url *url, const char *p, const char *end)
{
	const char *c;

	for (c = p; c < end; c++)
		if (*c < '0' || *c > '9')
			return false;
	return copy(url->port, sizeof(url->port), p, end) &&
	       atoi(url->port) > 0 && atoi(url->port) <= 65535;
}

/* HOST[:PORT], or [IPV6][:PORT] */
static bool take_host(struct live_url *url, const char *p, const char *end)
{
	const char *close = *p == '[' ? memchr(p, ']', (size_t)(end - p)) : NULL;
	const char *colon;

	if (*p == '[' && !close)
		return false;
	colon = close ? close + 1 : memchr(p, ':', (size_t)(end - p));
	if (colon && colon < end &&
	    (*colon != ':' || !take_port(url, colon + 1, end)))
		return false;
	if (close)
		return copy(url->host, sizeof(url->host), p + 1, close);
	return copy(url->host, sizeof(url->host), p, colon ? colon : end);
}

/* A number of 32 bits; the last one is none, but any. */
static bool is_cid(const char *host)
{
	return *host && !host[strspn(host, "0123456789")] &&
	       strlen(host) <= 10 && strtoull(host, NULL, 10) < UINT32_MAX;
}

/* [HOSTNAME/]SESSION */
static bool take_session(struct live_url *url, const char *p)
{
	const char *end = p + strlen(p), *slash = strchr(p, '/');

	if (slash && !copy(url->hostname, sizeof(url->hostname), p, slash))
		return false;
	if (slash)
		p = slash + 1;
	return !strchr(p, '/') &&
	       copy(url->session, sizeof(url->session), p, end);
}

int live_url_parse(const char *text, struct live_url *url, struct ctf_error *e)
{
	const char *p, *end;

	memset(url, 0, sizeof(*url));
	url->text = text;
	strcpy(url->port, PORT);
	url->is_vsock = !strncmp(text, VSOCK, strlen(VSOCK));
	if (!url->is_vsock && strncmp(text, SCHEME, strlen(SCHEME)))
		return refuse(text, e);
	p = text + strlen(url->is_vsock ? VSOCK : SCHEME);
	end = p + strcspn(p, "/");
	if (!take_host(url, p, end) || (url->is_vsock && !is_cid(url->host)))
		return refuse(text, e);
	if (*end && end[1] && !take_session(url, end + 1))
		return refuse(text, e);
	return 0;
}
