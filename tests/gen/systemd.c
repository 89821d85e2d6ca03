// SPDX-License-Identifier: MIT
/*
 * What systemd is to a daemon that it starts on demand: it gives it a socket, number
 * 3, and waits to be told that it is ready.
 *
 *	systemd NOTIFY CONTROL COMMAND...	makes both sockets, starts COMMAND,
 *						prints what it was told and the
 *						process's number
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define GIVEN 3

static int socket_at(const char *path, int type)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof(a)) ||
	    (type == SOCK_SEQPACKET && listen(fd, 5)))
		exit(2);
	return fd;
}

static void start(const char *notify, int control, char **argv)
{
	char text[64];

	snprintf(text, sizeof(text), "%d", getpid());
	setenv("LISTEN_PID", text, 1);
	setenv("LISTEN_FDS", "1", 1);
	setenv("NOTIFY_SOCKET", notify, 1);
	/* By way of another number: it may be 3 already, and closed by execv(). */
	dup2(control, GIVEN + 60);
	dup2(GIVEN + 60, GIVEN);
	close(GIVEN + 60);
	execv(argv[0], argv);
	exit(2);
}

int main(int argc, char **argv)
{
	char text[64];
	int notify, control;
	ssize_t n;
	pid_t pid;

	if (argc < 4)
		return 2;
	notify = socket_at(argv[1], SOCK_DGRAM);
	control = socket_at(argv[2], SOCK_SEQPACKET);
	pid = fork();
	if (!pid)
		start(argv[1], control, argv + 3);
	n = recv(notify, text, sizeof(text) - 1, 0);
	text[n > 0 ? n : 0] = 0;
	printf("%s %d\n", text, pid);
	return 0;
}
