// SPDX-License-Identifier: MIT
/*
 * load SECONDS DISK: what the guest does while it is recorded.
 *
 * It goes on after SECONDS until its sleepers have woken often enough, so that a
 * slow machine does not record less, but no longer than ten times that.
 *
 * On each of the first two CPUs: a sleeper, which wakes often and computes a
 * little, and a burner, which computes most of the time. Between them: a pipe
 * and a UDP socket over loopback, each with one end on either CPU. And one
 * writer to DISK, a block device that it may overwrite.
 *
 * The rates are low, since an exit costs a hundred times what it costs on real
 * hardware in the lab, and two emulated CPUs in a storm of wake-ups lock up.
 *
 * load light SECONDS DISK: the same without the burners, and rarely.
 *
 * load spin SECONDS: computes on every CPU, nothing else: a competitor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MS 1000000L
#define SECTOR 4096
#define DISK_BYTES (16 << 20)

/* Of the 266 times a second that the sleepers wake at best. */
#define ROUNDS_PER_SECOND 60
#define LONGEST 10

static int64_t begin_ns;
static int64_t end_ns;
static uint64_t rounds_wanted;
static uint64_t *rounds;
static int slowness = 1;
static int disk_fd = -1;
static int pipe_fd[2];
static int sock_fd[2];

static int64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void sleep_ns(long ns)
{
	struct timespec ts = { .tv_sec = ns * slowness / 1000000000,
			       .tv_nsec = ns * slowness % 1000000000 };

	nanosleep(&ts, NULL);
}

static void spin_ns(int64_t ns)
{
	int64_t until = now_ns() + ns;

	while (now_ns() < until)
		;
}

static int running(void)
{
	int64_t now = now_ns();

	if (now < end_ns)
		return 1;
	return __atomic_load_n(rounds, __ATOMIC_RELAXED) < rounds_wanted &&
	       now < begin_ns + LONGEST * (end_ns - begin_ns);
}

static void sleeper(void)
{
	while (running()) {
		sleep_ns(7 * MS);
		spin_ns(MS / 2);
		__atomic_add_fetch(rounds, 1, __ATOMIC_RELAXED);
	}
}

static void burner(void)
{
	while (running()) {
		spin_ns(150 * MS);
		sleep_ns(90 * MS);
	}
}

static void pipe_writer(void)
{
	char message[64] = "pipe";

	while (running()) {
		if (write(pipe_fd[1], message, sizeof(message)) < 0)
			break;
		sleep_ns(10 * MS);
	}
}

static void pipe_reader(void)
{
	char message[64];

	close(pipe_fd[1]);
	while (read(pipe_fd[0], message, sizeof(message)) > 0)
		;
}

static void net_sender(void)
{
	char message[200] = "loopback";

	while (running()) {
		if (send(sock_fd[1], message, sizeof(message), 0) < 0)
			break;
		sleep_ns(15 * MS);
	}
	/* An empty datagram ends the receiver. */
	send(sock_fd[1], message, 0, 0);
}

static void net_receiver(void)
{
	char message[200];

	while (recv(sock_fd[0], message, sizeof(message), 0) > 0)
		;
}

static void disk_writer(void)
{
	void *block;
	off_t at = 0;

	if (disk_fd < 0 || posix_memalign(&block, SECTOR, SECTOR))
		return;
	memset(block, 0x5a, SECTOR);
	while (running()) {
		if (pwrite(disk_fd, block, SECTOR, at) < 0)
			break;
		at = (at + SECTOR) % DISK_BYTES;
		sleep_ns(40 * MS);
	}
}

static const struct worker {
	const char *name;
	void (*run)(void);
	int cpu;
} workers[] = {
	{ "sleeper0", sleeper, 0 },	{ "sleeper1", sleeper, 1 },
	{ "burner0", burner, 0 },	{ "burner1", burner, 1 },
	{ "pipe-reader", pipe_reader, 1 }, { "pipe-writer", pipe_writer, 0 },
	{ "net-receiver", net_receiver, 0 }, { "net-sender", net_sender, 1 },
	{ "disk-writer", disk_writer, 1 },
};

#define WORKERS (sizeof(workers) / sizeof(workers[0]))

static void cpu_bind(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	/* One CPU less than expected is no reason to do nothing. */
	sched_setaffinity(0, sizeof(set), &set);
}

static void name_set(const char *name)
{
	int fd = open("/proc/self/comm", O_WRONLY);

	if (fd < 0)
		return;
	if (write(fd, name, strlen(name)) < 0)
		perror("load: comm");
	close(fd);
}

static void worker_start(const struct worker *w)
{
	pid_t pid = fork();

	if (pid < 0) {
		perror("load: fork");
		exit(1);
	}
	if (pid)
		return;
	name_set(w->name);
	cpu_bind(w->cpu);
	w->run();
	_exit(0);
}

static int loopback_open(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	socklen_t len = sizeof(to);

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sock_fd[0] = socket(AF_INET, SOCK_DGRAM, 0);
	sock_fd[1] = socket(AF_INET, SOCK_DGRAM, 0);
	if (sock_fd[0] < 0 || sock_fd[1] < 0 ||
	    bind(sock_fd[0], (struct sockaddr *)&to, sizeof(to)) ||
	    getsockname(sock_fd[0], (struct sockaddr *)&to, &len) ||
	    connect(sock_fd[1], (struct sockaddr *)&to, len))
		return -1;
	return 0;
}

static int guest_load(const char *disk, int light)
{
	size_t i;

	if (pipe(pipe_fd) || loopback_open()) {
		perror("load");
		return 1;
	}
	if (light)
		slowness = 10;
	disk_fd = open(disk, O_WRONLY | O_DIRECT);
	if (disk_fd < 0) {
		fprintf(stderr, "load: %s: %s\n", disk, strerror(errno));
		return 1;
	}
	for (i = 0; i < WORKERS; i++) {
		if (!light || workers[i].run != burner)
			worker_start(&workers[i]);
	}
	close(pipe_fd[0]);
	close(pipe_fd[1]);
	while (wait(NULL) > 0)
		;
	return 0;
}

static void spinner(void)
{
	while (running())
		;
}

static int compete(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), i;

	for (i = 0; i < cpus; i++) {
		struct worker w = { "competitor", spinner, (int)i };

		worker_start(&w);
	}
	while (wait(NULL) > 0)
		;
	return 0;
}

int main(int argc, char **argv)
{
	int spin = argc == 3 && !strcmp(argv[1], "spin");
	int light = argc == 4 && !strcmp(argv[1], "light");
	double seconds;

	if (argc != 3 && !light) {
		fprintf(stderr, "usage: load [light] SECONDS DISK | load spin SECONDS\n");
		return 2;
	}
	rounds = mmap(NULL, sizeof(*rounds), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (rounds == MAP_FAILED) {
		perror("load: mmap");
		return 1;
	}
	seconds = atof(argv[1 + (spin || light)]);
	begin_ns = now_ns();
	end_ns = begin_ns + (int64_t)(seconds * 1e9);
	if (!spin && !light)
		rounds_wanted = (uint64_t)(seconds * ROUNDS_PER_SECOND);
	return spin ? compete() : guest_load(argv[argc - 1], light);
}
