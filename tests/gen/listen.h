/* SPDX-License-Identifier: MIT */
/*
 * Where test programs are connected to. Both functions return a socket, or -1 with errno.
 */
#ifndef VMSYNC_TESTS_LISTEN_H
#define VMSYNC_TESTS_LISTEN_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/** listen_at - at a path of the file system, as QEMU's chardev does */
static inline int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strncpy(addr.sun_path, path, sizeof(addr.sun_path) - 1);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 1))
		return -1;
	return fd;
}

/** listen_loopback - at a port that is free; its number is in @port_file from then on */
static inline int listen_loopback(const char *port_file)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	char name[4096];
	FILE *f;

	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    listen(fd, 5) || getsockname(fd, (struct sockaddr *)&a, &len))
		return -1;
	/* Who waits for the file sees all of it. */
	snprintf(name, sizeof(name), "%s.new", port_file);
	f = fopen(name, "w");
	if (!f || fprintf(f, "%d\n", ntohs(a.sin_port)) < 0 || fclose(f) ||
	    rename(name, port_file))
		return -1;
	return fd;
}

#endif /* VMSYNC_TESTS_LISTEN_H */
