// SPDX-License-Identifier: MIT
/*
 * datagram send ADDRESS PORT FLOWS PACKETS < ACKS: a datagram from each of so
 * many sockets, and then so many from the last one; each when the one before
 * has come.
 *
 * datagram receive ADDRESS PORT COUNT > ACKS: a byte for each that came.
 *
 * At their end, both print on standard error a line for each datagram: its
 * number; when this program was before send(), or behind recvmsg(); and the
 * kernel's own stamp, of when it took the datagram to its device, or had it
 * from there. First there is a line "# NS": all are by CLOCK_MONOTONIC, and the
 * kernel stamps by CLOCK_REALTIME, so its stamps may be wrong by so much here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct datagram {
	uint64_t number;
	char filling[92];
};

struct stamps {
	uint64_t number;
	uint64_t call_ns;
	uint64_t kernel_ns; /* CLOCK_REALTIME */
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static uint64_t ns_of(const struct timespec *ts)
{
	return (uint64_t)ts->tv_sec * 1000000000 + (uint64_t)ts->tv_nsec;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return ns_of(&ts);
}

/* What CLOCK_REALTIME is ahead of CLOCK_MONOTONIC, and how wrong that may be:
 * by the quickest of many readings. */
struct ahead {
	uint64_t ns;
	uint64_t wrong_ns;
};

static struct ahead ahead_measure(void)
{
	struct ahead best = { .wrong_ns = UINT64_MAX };
	unsigned int i;

	for (i = 0; i < 1000; i++) {
		uint64_t before_ns = now_ns(CLOCK_MONOTONIC);
		uint64_t real_ns = now_ns(CLOCK_REALTIME);
		uint64_t half_ns = (now_ns(CLOCK_MONOTONIC) - before_ns) / 2;

		if (half_ns + 1 < best.wrong_ns) {
			best.ns = real_ns - before_ns - half_ns;
			best.wrong_ns = half_ns + 1;
		}
	}
	return best;
}

static void print_all(const struct stamps *all, uint64_t count)
{
	const struct ahead ahead = ahead_measure();
	uint64_t i;

	fprintf(stderr, "# %" PRIu64 "\n", ahead.wrong_ns);
	for (i = 0; i < count; i++)
		fprintf(stderr, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
			all[i].number, all[i].call_ns,
			all[i].kernel_ns - ahead.ns);
}

static int socket_make(const struct sockaddr_in *to,
		       int (*attach)(int, const struct sockaddr *, socklen_t),
		       unsigned int stamps)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	stamps |= SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_OPT_TSONLY;
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPING, &stamps,
		       sizeof(stamps)) ||
	    attach(fd, (const struct sockaddr *)to, sizeof(*to)))
		fail("socket");
	return fd;
}

/* A message with what the kernel says beside it. */
static ssize_t message_get(int fd, struct datagram *d, int flags,
			   uint64_t *kernel_ns)
{
	union {
		char buf[512];
		struct cmsghdr align;
	} control;
	struct iovec iov = { .iov_base = d, .iov_len = sizeof(*d) };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buf,
		.msg_controllen = sizeof(control.buf),
	};
	struct scm_timestamping stamps;
	ssize_t got = recvmsg(fd, &msg, flags);
	struct cmsghdr *c;

	for (c = got < 0 ? NULL : CMSG_FIRSTHDR(&msg); c;
	     c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET ||
		    c->cmsg_type != SCM_TIMESTAMPING)
			continue;
		memcpy(&stamps, CMSG_DATA(c), sizeof(stamps));
		*kernel_ns = ns_of(&stamps.ts[0]);
	}
	return got;
}

/* The first stamp is of the sender's own device; each other device that the
 * datagram is sent to on its way adds one. */
static uint64_t sent_kernel_ns(int fd)
{
	struct datagram none;
	uint64_t first_ns = 0;
	uint64_t ns;

	while (ns = 0,
	       message_get(fd, &none, MSG_ERRQUEUE | MSG_DONTWAIT, &ns) >= 0)
		if (!first_ns)
			first_ns = ns;
	if (errno != EAGAIN || !first_ns)
		fail("no stamp of what was sent");
	return first_ns;
}

/* Nothing waits between two: where all is still in caches, what lies between a
 * stamp and an event takes no larger part of the time than what follows. */
static void send_one(int fd, struct stamps *s)
{
	struct datagram d = { .number = s->number };
	char ack;

	s->call_ns = now_ns(CLOCK_MONOTONIC);
	if (send(fd, &d, sizeof(d), 0) != sizeof(d))
		fail("send");
	if (read(0, &ack, 1) != 1)
		fail("no answer");
	s->kernel_ns = sent_kernel_ns(fd);
}

/* Nothing is printed meanwhile: that would be work of this kernel, too. */
static void send_all(const struct sockaddr_in *to, uint64_t flows,
		     uint64_t packets)
{
	struct stamps *all = calloc(flows + packets, sizeof(*all));
	int fd = -1;
	uint64_t i;

	if (!all)
		fail("memory");
	for (i = 0; i < flows + packets; i++) {
		if (i < flows)
			fd = socket_make(to, connect,
					 SOF_TIMESTAMPING_TX_SCHED);
		all[i].number = i;
		send_one(fd, &all[i]);
	}
	print_all(all, flows + packets);
}

static void receive_all(const struct sockaddr_in *at, uint64_t count)
{
	struct stamps *all = calloc(count, sizeof(*all));
	int fd = socket_make(at, bind, SOF_TIMESTAMPING_RX_SOFTWARE);
	struct datagram d;
	uint64_t i;

	if (!all)
		fail("memory");
	for (i = 0; i < count; i++) {
		if (message_get(fd, &d, 0, &all[i].kernel_ns) != sizeof(d))
			fail("recvmsg");
		all[i].call_ns = now_ns(CLOCK_MONOTONIC);
		all[i].number = d.number;
		if (!all[i].kernel_ns)
			fail("no stamp of what came");
		if (write(1, "", 1) != 1)
			fail("answer");
	}
	print_all(all, count);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };

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
