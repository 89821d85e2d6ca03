// SPDX-License-Identifier: MIT
/*
 * What QEMU is between vmsyncd and vmsync-agent: a unix socket at which somebody may
 * connect, and a device (here a terminal in raw mode) that a guest opens.
 *
 *	port-chardev SOCKET DEVICE	DEVICE becomes a link to the terminal
 *	port-chardev SOCKET --flood N	a guest that sends N MiB of random bytes, of
 *					headers without a frame and of good frames,
 *					as fast as they are taken; each frame is of
 *					another vm_uid
 *
 * Where nobody is connected, what the guest sends is thrown away. For each answer that
 * goes to the device a line is printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "listen.h"
#include "port/frame.h"

#define CHUNK 4096

static void fail(const char *what)
{
	fprintf(stderr, "port-chardev: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* The guest's side is kept open: the terminal outlives who uses it. */
static int device_make(const char *path)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY), slave;
	struct termios t;

	if (fd < 0 || grantpt(fd) || unlockpt(fd))
		fail("no terminal");
	slave = open(ptsname(fd), O_RDWR | O_NOCTTY);
	if (slave < 0 || tcgetattr(slave, &t))
		fail(ptsname(fd));
	cfmakeraw(&t);
	tcsetattr(slave, TCSANOW, &t);
	unlink(path);
	if (symlink(ptsname(fd), path))
		fail(path);
	return fd;
}

/* Return: bytes of @data, 0 where @from is not there any more. */
static size_t pass(int from, int to, uint8_t data[CHUNK])
{
	ssize_t n = read(from, data, CHUNK);
	ssize_t at = 0, k;

	if (n <= 0)
		return 0;
	while (to >= 0 && at < n) {
		k = write(to, data + at, (size_t)(n - at));
		if (k <= 0)
			break;
		at += k;
	}
	return (size_t)n;
}

/* What went to the guest: its answers are counted. */
static void tell(const uint8_t *bytes, size_t n)
{
	static struct vmsync_port_decoder d;
	struct vmsync_port_frame frame;
	size_t at, room;

	for (at = 0; at < n; at += room) {
		uint8_t *p = vmsync_port_room(&d, &room);

		room = room < n - at ? room : n - at;
		memcpy(p, bytes + at, room);
		vmsync_port_fed(&d, room);
		while (vmsync_port_next(&d, &frame)) {
			if (frame.type == VMSYNC_PORT_ANSWER)
				puts("answer");
		}
	}
	fflush(stdout);
}

static void relay(int listener, int device)
{
	uint8_t data[CHUNK];
	int peer = -1;
	size_t n;

	for (;;) {
		struct pollfd pfd[2] = {
			{ .fd = device, .events = POLLIN },
			{ .fd = peer < 0 ? listener : peer, .events = POLLIN },
		};

		if (poll(pfd, 2, -1) < 0)
			fail("poll");
		if (pfd[0].revents)
			pass(device, peer, data);
		if (!pfd[1].revents)
			continue;
		if (peer < 0) {
			peer = accept(listener, NULL, NULL);
			continue;
		}
		n = pass(peer, device, data);
		tell(data, n);
		if (!n) {
			close(peer);
			peer = -1;
		}
	}
}

static uint64_t random64(void)
{
	static uint64_t state = 1;
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

static size_t put_frame(uint8_t *to)
{
	struct vmsync_port_frame f = {
		.type = VMSYNC_PORT_REQUEST,
		.cnt = (uint32_t)random64(),
		.vm_uid = random64(),
		.mono_ns = random64(),
	};

	return vmsync_port_write(&f, to);
}

/* One that promises a frame. */
static size_t put_header(uint8_t *to)
{
	memcpy(to, "VSPF\1\1\0\1", 8);
	return 8;
}

static size_t put_random(uint8_t *to)
{
	size_t n;

	for (n = 0; n < 64; n += sizeof(uint64_t)) {
		uint64_t bytes = random64();

		memcpy(to + n, &bytes, sizeof(bytes));
	}
	return n;
}

/* Answers are never read: that is nobody's trouble but the guest's. */
static void flood(int listener, uint64_t bytes)
{
	static size_t (*const kinds[])(uint8_t *) = { put_frame, put_header,
						      put_random };
	int peer = accept(listener, NULL, NULL);

	while (bytes) {
		uint8_t data[4096];
		size_t n = 0;

		while (n + VMSYNC_PORT_MAX < sizeof(data))
			n += kinds[random64() % 3](data + n);
		n = n < bytes ? n : bytes;
		if (write(peer, data, n) != (ssize_t)n)
			break;
		bytes -= n;
	}
	printf("port-chardev: flooded, %llu bytes were not taken\n",
	       (unsigned long long)bytes);
}

int main(int argc, char **argv)
{
	int listener;

	if (argc != 3 && argc != 4)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	listener = listen_at(argv[1]);
	if (listener < 0)
		fail(argv[1]);
	if (argc == 4)
		flood(listener, strtoull(argv[3], NULL, 10) << 20);
	else
		relay(listener, device_make(argv[2]));
	return 0;
}
