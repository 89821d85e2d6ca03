// SPDX-License-Identifier: MIT
/*
 * datagram send ADDRESS PORT FLOWS PACKETS < ACKS: a datagram from each of so
 * many sockets, and then so many from the last one; each when the one before
 * has come.
 *
 * datagram receive ADDRESS PORT COUNT > ACKS: a byte for each that came, and on
 * standard error a line: its number, when it was sent and when it was there, by
 * CLOCK_MONOTONIC right before send() and right after recv().
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct datagram {
	uint64_t number;
	uint64_t sent_ns;
	char filling[84];
};

struct came {
	struct datagram datagram;
	uint64_t received_ns;
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int socket_make(const struct sockaddr_in *to,
		       int (*attach)(int, const struct sockaddr *, socklen_t))
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || attach(fd, (const struct sockaddr *)to, sizeof(*to)))
		fail("socket");
	return fd;
}

/* The receiver is in recv() again some time after it has said so. */
static void send_one(int fd, uint64_t number)
{
	const struct timespec pause = {.tv_nsec = 3000000};
	struct datagram d = {.number = number};
	char ack;

	nanosleep(&pause, NULL);
	d.sent_ns = now_ns();
	if (send(fd, &d, sizeof(d), 0) != sizeof(d))
		fail("send");
	if (read(0, &ack, 1) != 1)
		fail("no answer");
}

static void send_all(const struct sockaddr_in *to, uint64_t flows,
		     uint64_t packets)
{
	uint64_t i;
	int fd = -1;

	for (i = 0; i < flows; i++) {
		fd = socket_make(to, connect);
		send_one(fd, i);
	}
	for (; i < flows + packets; i++)
		send_one(fd, i);
}

/* Nothing is printed meanwhile: that would be work of this kernel, too. */
static void receive_all(const struct sockaddr_in *at, uint64_t count)
{
	struct came *came = calloc(count, sizeof(*came));
	int fd = socket_make(at, bind);
	uint64_t i;

	if (!came)
		fail("memory");
	for (i = 0; i < count; i++) {
		if (recv(fd, &came[i].datagram, sizeof(came[i].datagram), 0) !=
		    sizeof(came[i].datagram))
			fail("recv");
		came[i].received_ns = now_ns();
		if (write(1, "", 1) != 1)
			fail("answer");
	}
	for (i = 0; i < count; i++)
		fprintf(stderr, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			came[i].datagram.number, came[i].datagram.sent_ns,
			came[i].received_ns);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = {.sin_family = AF_INET};

	if (argc < 5 || inet_pton(AF_INET, argv[2], &address.sin_addr) != 1)
		return 2;
	address.sin_port = htons((uint16_t)atoi(argv[3]));
	/* A datagram that is lost ends this, too. */
	alarm(120);
	if (!strcmp(argv[1], "send") && argc == 6)
		send_all(&address, strtoul(argv[4], NULL, 10),
			 strtoul(argv[5], NULL, 10));
	else if (!strcmp(argv[1], "receive"))
		receive_all(&address, strtoul(argv[4], NULL, 10));
	else
		return 2;
	return 0;
}
