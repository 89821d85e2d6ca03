// SPDX-License-Identifier: MIT
/*
 * port-turns FOLDER VMSYNCD: whose turn it is where a guest floods its port.
 *
 * Starts VMSYNCD with four guests, and stops it. The first guest floods, more than
 * VMSYNCD may read of it: rubbish, and a beacon at the end of each KiB. Each of the
 * others sends one beacon; then VMSYNCD goes on. The kernel queues a signal for each
 * answer, so the order of answers is known, whatever time they take.
 *
 * Prints how many of the flood's beacons were answered before the last one of the
 * others'. Exit status 0: one at most, for a KiB is read in a round; 1: more, or
 * somebody was not answered within a minute; 2: it could not be tried.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "port/frame.h"
#include "port/now.h"

#define GUESTS	   4
#define FLOOD	   0
#define PATIENCE_S 60
#define KIB	   1024

static char path[GUESTS][sizeof(((struct sockaddr_un *)0)->sun_path)];
static int fd[GUESTS];
static pid_t daemon_pid;

static void fail(const char *what)
{
	fprintf(stderr, "port-turns: %s: %s\n", what, strerror(errno));
	if (daemon_pid > 0)
		kill(daemon_pid, SIGKILL);
	exit(2);
}

static int listen_at(const char *at)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int s = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, at);
	if (s < 0 || bind(s, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(s, 1))
		fail(at);
	return s;
}

static void start(const char *vmsyncd)
{
	const char *argv[2 * GUESTS + 2] = { vmsyncd };
	int i;

	for (i = 0; i < GUESTS; i++) {
		argv[1 + 2 * i] = "--socket";
		argv[2 + 2 * i] = path[i];
	}
	daemon_pid = fork();
	if (daemon_pid)
		return;
	execv(vmsyncd, (char *const *)argv);
	_exit(2);
}

/* Each answer is a signal from here on, with the descriptor in it. */
static void connect_all(const char *folder, const char *vmsyncd)
{
	int listener[GUESTS], i;

	for (i = 0; i < GUESTS; i++) {
		if (snprintf(path[i], sizeof(path[i]), "%s/%d.sock", folder,
			     i) >= (int)sizeof(path[i]))
			fail("too long a path");
		listener[i] = listen_at(path[i]);
	}
	start(vmsyncd);
	for (i = 0; i < GUESTS; i++) {
		fd[i] = accept4(listener[i], NULL, NULL, SOCK_CLOEXEC);
		if (fd[i] < 0 || fcntl(fd[i], F_SETSIG, SIGRTMIN) ||
		    fcntl(fd[i], F_SETOWN, getpid()) ||
		    fcntl(fd[i], F_SETFL, O_ASYNC | O_NONBLOCK))
			fail("accept");
		close(listener[i]);
	}
}

static size_t beacon(uint8_t *to, int guest)
{
	const struct vmsync_port_frame f = {
		.type = VMSYNC_PORT_REQUEST,
		.vm_uid = 1000 + (uint64_t)guest,
		.mono_ns = vmsync_port_now(),
	};

	return vmsync_port_write(&f, to);
}

/* As much as is taken. */
static void flood(void)
{
	uint8_t data[KIB] = { 0 }, frame[VMSYNC_PORT_MAX];
	size_t n = beacon(frame, FLOOD);

	memcpy(data + KIB - n, frame, n);
	while (write(fd[FLOOD], data, KIB) == KIB)
		;
	if (errno != EAGAIN)
		fail("flood");
}

static void stop(void)
{
	int status;

	if (kill(daemon_pid, SIGSTOP) ||
	    waitpid(daemon_pid, &status, WUNTRACED) != daemon_pid ||
	    !WIFSTOPPED(status))
		fail("vmsyncd has ended");
}

/* Return: answers to the flood before the last one of the others', or -1. */
static int order(const sigset_t *set)
{
	const struct timespec patience = { .tv_sec = PATIENCE_S };
	bool answered[GUESTS] = { 0 };
	int left = GUESTS - 1, floods = 0, i;
	siginfo_t info;

	while (left) {
		if (sigtimedwait(set, &info, &patience) < 0)
			return -1;
		if (info.si_code != POLL_IN)
			continue;
		if (info.si_fd == fd[FLOOD])
			floods++;
		for (i = FLOOD + 1; i < GUESTS; i++) {
			left -= info.si_fd == fd[i] && !answered[i];
			answered[i] |= info.si_fd == fd[i];
		}
	}
	return floods;
}

static void ask_all(void)
{
	uint8_t frame[VMSYNC_PORT_MAX];
	int i;

	for (i = FLOOD + 1; i < GUESTS; i++) {
		size_t n = beacon(frame, i);

		if (write(fd[i], frame, n) != (ssize_t)n)
			fail("write");
	}
}

int main(int argc, char **argv)
{
	sigset_t set;
	int floods;

	if (argc != 3)
		return 2;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &set, NULL);
	connect_all(argv[1], argv[2]);
	stop();
	flood();
	ask_all();
	kill(daemon_pid, SIGCONT);
	floods = order(&set);
	kill(daemon_pid, SIGTERM);
	waitpid(daemon_pid, NULL, 0);
	printf("%d beacons of a flood are answered before those of others\n", floods);
	return floods < 0 || floods > 1;
}
