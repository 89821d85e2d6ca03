// SPDX-License-Identifier: MIT
/*
 * port-many FOLDER GUESTS BEACONS: as many guests, each with a socket of its own,
 * FOLDER/N.sock, at which vmsyncd is waited for. Each sends so many beacons, ten a
 * second, and checks that every one is answered, by its own number and name.
 *
 * Prints "ready" once there are sockets, and at the end "round trip ns: MEDIAN 99TH
 * WORST", of 100 that is, without the first second, in which all begin, and "answers N
 * of M". Exit status
 * 0: all were answered; 1: not, after a minute without any; 2: it could not be tried.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "port/frame.h"
#include "port/now.h"

#define TICK_NS	    100000000
#define PATIENCE_MS 60000
#define NS_PER_MS   1000000
#define FIRST	    10

struct guest {
	struct vmsync_port_decoder in;
	uint64_t *asked_ns;
	unsigned int answers;
};

static struct guest *guests;
static struct pollfd *pfd;
static unsigned int n_guests, n_beacons, n_answers;
static uint64_t *trips_ns;
static unsigned int n_trips;

static void fail(const char *what)
{
	fprintf(stderr, "port-many: %s: %s\n", what, strerror(errno));
	exit(2);
}

static int listen_at(const char *folder, unsigned int i)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%u.sock", folder,
		     i) >= (int)sizeof(addr.sun_path))
		fail("too long a path");
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 1))
		fail(addr.sun_path);
	return fd;
}

static void connect_all(const char *folder)
{
	unsigned int i;

	for (i = 0; i < n_guests; i++)
		pfd[i].fd = listen_at(folder, i);
	puts("ready");
	fflush(stdout);
	for (i = 0; i < n_guests; i++) {
		int fd = accept(pfd[i].fd, NULL, NULL);

		if (fd < 0)
			fail("accept");
		close(pfd[i].fd);
		pfd[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
	}
}

static uint64_t name_of(unsigned int i)
{
	return 1000 + i;
}

static void ask_all(unsigned int round)
{
	uint8_t bytes[VMSYNC_PORT_MAX];
	unsigned int i;

	for (i = 0; i < n_guests; i++) {
		const struct vmsync_port_frame f = {
			.type = VMSYNC_PORT_REQUEST,
			.cnt = 2 * round,
			.vm_uid = name_of(i),
			.mono_ns = vmsync_port_now(),
		};
		size_t n = vmsync_port_write(&f, bytes);

		guests[i].asked_ns[round] = f.mono_ns;
		if (write(pfd[i].fd, bytes, n) != (ssize_t)n)
			fail("write");
	}
}

/* In the order in which they were asked for, and nobody else's. */
static void hear(unsigned int i)
{
	struct vmsync_port_frame f;
	size_t room;
	uint8_t *p = vmsync_port_room(&guests[i].in, &room);
	ssize_t n = read(pfd[i].fd, p, room);

	if (n <= 0)
		fail("vmsyncd has gone");
	vmsync_port_fed(&guests[i].in, (size_t)n);
	while (vmsync_port_next(&guests[i].in, &f)) {
		if (f.type != VMSYNC_PORT_ANSWER || f.vm_uid != name_of(i) ||
		    f.cnt != 2 * guests[i].answers + 1) {
			fprintf(stderr, "port-many: not an answer\n");
			exit(1);
		}
		if (guests[i].answers >= FIRST)
			trips_ns[n_trips++] = vmsync_port_now() -
					      guests[i].asked_ns[guests[i].answers];
		guests[i].answers++;
		n_answers++;
	}
}

static void run(void)
{
	uint64_t next = vmsync_port_now(), now;
	unsigned int round = 0, i;
	int wait;

	while (n_answers < n_guests * n_beacons) {
		now = vmsync_port_now();
		if (round < n_beacons && now >= next) {
			ask_all(round++);
			next += TICK_NS;
			continue;
		}
		wait = round < n_beacons ? (int)((next - now) / NS_PER_MS) + 1 :
					   PATIENCE_MS;
		if (!poll(pfd, n_guests, wait) && round == n_beacons)
			break;
		for (i = 0; i < n_guests; i++) {
			if (pfd[i].revents)
				hear(i);
		}
	}
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void tell_trips(void)
{
	qsort(trips_ns, n_trips, sizeof(*trips_ns), by_size);
	if (n_trips)
		printf("round trip ns: %" PRIu64 " %" PRIu64 " %" PRIu64 "\n",
		       trips_ns[n_trips / 2],
		       trips_ns[(uint64_t)n_trips * 99 / 100],
		       trips_ns[n_trips - 1]);
}

static void memory_get(void)
{
	unsigned int i;

	guests = calloc(n_guests, sizeof(*guests));
	pfd = calloc(n_guests, sizeof(*pfd));
	trips_ns = calloc((size_t)n_guests * n_beacons, sizeof(*trips_ns));
	if (!guests || !pfd || !trips_ns)
		fail("memory");
	for (i = 0; i < n_guests; i++) {
		guests[i].asked_ns = calloc(n_beacons, sizeof(uint64_t));
		if (!guests[i].asked_ns)
			fail("memory");
	}
}

int main(int argc, char **argv)
{
	struct rlimit files;

	if (argc != 4)
		return 2;
	n_guests = (unsigned int)atoi(argv[2]);
	n_beacons = (unsigned int)atoi(argv[3]);
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	memory_get();
	connect_all(argv[1]);
	run();
	tell_trips();
	printf("answers %u of %u\n", n_answers, n_guests * n_beacons);
	return n_answers != n_guests * n_beacons;
}
