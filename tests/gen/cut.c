// SPDX-License-Identifier: MIT
/*
 * cut PORT TARGET BYTES...: a network that fails. Listens, at a port that the file PORT
 * holds, and passes on what goes to and fro between who comes and the port TARGET of
 * this machine, one connection after the other. The first one ends, without a word,
 * after so many bytes for who came, the second after the next number, and so on; when
 * there is no number left, connections last.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listen.h"

static void die(const char *what)
{
	fprintf(stderr, "cut: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons((uint16_t)port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* How much, or 0 where the connection is to end. */
static size_t pass(int in, int out, uint64_t most)
{
	static char bytes[65536];
	ssize_t n, put, done;

	n = recv(in, bytes, most < sizeof(bytes) ? most : sizeof(bytes), 0);
	for (done = 0; done < n; done += put) {
		put = send(out, bytes + done, (size_t)(n - done), MSG_NOSIGNAL);
		if (put <= 0)
			return 0;
	}
	return n > 0 ? (size_t)n : 0;
}

/* Until an end goes, or @left bytes have come from @target. */
static void connection(int client, int target, uint64_t left)
{
	struct pollfd pfd[] = { { .fd = client, .events = POLLIN },
				{ .fd = target, .events = POLLIN } };
	size_t n;

	while (left && poll(pfd, 2, -1) > 0) {
		if (pfd[0].revents && !pass(client, target, UINT64_MAX))
			return;
		if (!pfd[1].revents)
			continue;
		n = pass(target, client, left);
		if (!n)
			return;
		left -= n;
	}
}

int main(int argc, char **argv)
{
	int fd, arg;

	if (argc < 3) {
		fprintf(stderr, "usage: cut PORT TARGET BYTES...\n");
		return 2;
	}
	fd = listen_loopback(argv[1]);
	if (fd < 0)
		die(argv[1]);
	for (arg = 3;; arg++) {
		struct sockaddr_in a = loopback(atoi(argv[2]));
		int client = accept(fd, NULL, NULL);
		int target = socket(AF_INET, SOCK_STREAM, 0);

		if (client < 0 || target < 0)
			die("a connection");
		if (!connect(target, (struct sockaddr *)&a, sizeof(a)))
			connection(client, target,
				   arg < argc ? strtoull(argv[arg], NULL, 10) :
						UINT64_MAX);
		close(client);
		close(target);
	}
}
