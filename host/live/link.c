// SPDX-License-Identifier: MIT
#include "live/link.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
/* After the above. */
#include <linux/vm_sockets.h>
#include <unistd.h>

#include "fuse/fail.h"

/* Waiting for more at once would leave a receive buffer no room for what goes on coming. */
#define WAKE_MOST 65536

static int failed(struct ctf_error *e, int err)
{
	return vmsync_fail(e, -err, "", "%s", strerror(err));
}

static int stopped(struct ctf_error *e)
{
	return vmsync_fail(e, -ECANCELED, "", "told to end");
}

/* Until the socket is ready for @events; 0 or a negative errno. */
static int wait_for(const struct live_link *l, short events,
		    struct ctf_error *e)
{
	struct pollfd pfd[] = {
		{ .fd = l->fd, .events = events },
		{ .fd = l->stop, .events = POLLIN },
	};
	int n;

	do
		n = poll(pfd, 2, LIVE_PATIENCE_MS);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return failed(e, errno);
	if (pfd[1].revents)
		return stopped(e);
	return n ? 0 : failed(e, ETIMEDOUT);
}

bool live_link_pause(const struct live_link *l, int ms)
{
	struct pollfd pfd = { .fd = l->stop, .events = POLLIN };

	return !poll(&pfd, 1, ms);
}

static int connected(const struct live_link *l, struct ctf_error *e)
{
	int err = 0, ret = wait_for(l, POLLOUT, e);
	socklen_t len = sizeof(err);

	if (ret)
		return ret;
	if (getsockopt(l->fd, SOL_SOCKET, SO_ERROR, &err, &len))
		err = errno;
	return err ? failed(e, err) : 0;
}

static int connect_to(struct live_link *l, const struct addrinfo *a,
		      struct ctf_error *e)
{
	int one = 1, ret = 0;

	l->fd = socket(a->ai_family,
		       a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
		       a->ai_protocol);
	if (l->fd < 0)
		return failed(e, errno);
	/* Questions are short and each waits for its answer. */
	setsockopt(l->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(l->fd, a->ai_addr, a->ai_addrlen))
		ret = errno == EINPROGRESS ? connected(l, e) : failed(e, errno);
	if (ret)
		live_link_close(l);
	return ret;
}

/* A guest, by its number: nothing but a relayd in it is to be asked for that. */
static int connect_vsock(struct live_link *l, const struct live_url *url,
			 struct ctf_error *e)
{
	struct sockaddr_vm vm = {
		.svm_family = AF_VSOCK,
		.svm_cid = (unsigned int)strtoull(url->host, NULL, 10),
		.svm_port = (unsigned int)atoi(url->port),
	};
	const struct addrinfo a = {
		.ai_family = AF_VSOCK,
		.ai_socktype = SOCK_STREAM,
		.ai_addrlen = sizeof(vm),
		.ai_addr = (struct sockaddr *)&vm,
	};
	int ret = connect_to(l, &a, e);

	if (ret == -EAFNOSUPPORT || ret == -ENODEV)
		ret = vmsync_fail(e, ret, "load vhost_vsock, and give the guest a "
				  "vhost-vsock device",
				  "this machine has no AF_VSOCK: %s",
				  strerror(-ret));
	return ret;
}

static int connect_tcp(struct live_link *l, const char *host, const char *port,
		       struct ctf_error *e)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list, *a;
	int ret = getaddrinfo(host, port, &hints, &list);

	if (ret)
		return vmsync_fail(e, -EHOSTUNREACH, "", "%s",
				   gai_strerror(ret));
	ret = -EHOSTUNREACH;
	for (a = list; a && ret && ret != -ECANCELED; a = a->ai_next)
		ret = connect_to(l, a, e);
	freeaddrinfo(list);
	return ret;
}

int live_link_open(struct live_link *l, const struct live_url *url,
		   struct ctf_error *e)
{
	l->fd = -1;
	l->least = 1;
	return url->is_vsock ? connect_vsock(l, url, e) :
			       connect_tcp(l, url->host, url->port, e);
}

void live_link_close(struct live_link *l)
{
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

int live_link_send(void *ctx, const void *bytes, size_t n, struct ctf_error *e)
{
	const struct live_link *l = ctx;
	const uint8_t *p = bytes;

	while (n) {
		ssize_t sent = send(l->fd, p, n, MSG_NOSIGNAL);
		int ret = 0;

		if (sent < 0 && errno == EAGAIN)
			ret = wait_for(l, POLLOUT, e);
		else if (sent < 0)
			ret = failed(e, errno);
		if (ret)
			return ret;
		p += sent > 0 ? sent : 0;
		n -= sent > 0 ? (size_t)sent : 0;
	}
	return 0;
}

/*
 * What came: at once. It does not last, and is asked for each time. A relayd sends the
 * head of an answer and the rest of it each by itself: without an acknowledgement the rest
 * waits for 40 ms.
 */
static void acknowledge(const struct live_link *l)
{
	int one = 1;

	setsockopt(l->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
}

/*
 * What comes in several parts wakes us once. A socket that does not know this, as one of
 * vsock in older kernels, wakes for each of them.
 */
static void wake_for(struct live_link *l, size_t n)
{
	int least = n < WAKE_MOST ? (int)n : WAKE_MOST;

	if (least == l->least)
		return;
	l->least = least;
	setsockopt(l->fd, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof(least));
}

int live_link_receive(void *ctx, void *bytes, size_t n, struct ctf_error *e)
{
	struct live_link *l = ctx;
	uint8_t *p = bytes;

	while (n) {
		ssize_t got = recv(l->fd, p, n, 0);
		int ret = 0;

		if (!got) {
			ret = vmsync_fail(e, -ECONNRESET, "",
					  "it ended the connection");
		} else if (got < 0 && errno == EAGAIN) {
			acknowledge(l);
			wake_for(l, n);
			ret = wait_for(l, POLLIN, e);
		} else if (got < 0) {
			ret = failed(e, errno);
		}
		if (ret)
			return ret;
		p += got > 0 ? got : 0;
		n -= got > 0 ? (size_t)got : 0;
	}
	return 0;
}
