// SPDX-License-Identifier: MIT
/*
 * ust-peer first|second IN OUT MESSAGES LOG: one of two that exchange messages over two
 * fifos, and trace each; meanwhile it prints lines into LOG as QEMU does, each between
 * two tracepoints.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "ust-peer.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

struct peer {
	int me;
	int in;
	int out;
	FILE *log;
};

static void line(const struct peer *p, unsigned long n)
{
	struct timeval tv;

	lttng_ust_tracepoint(peer, mark, p->me, 2 * n);
	gettimeofday(&tv, NULL);
	lttng_ust_tracepoint(peer, mark, p->me, 2 * n + 1);
	fprintf(p->log, "%d@%ld.%06ld:migrate_set_state new state s%lu\n",
		(int)getpid(), (long)tv.tv_sec, (long)tv.tv_usec, n);
}

static int give(const struct peer *p, unsigned long n)
{
	lttng_ust_tracepoint(peer, sent, p->me, n);
	return write(p->out, &n, sizeof(n)) != sizeof(n);
}

static int take(const struct peer *p)
{
	unsigned long n;

	if (read(p->in, &n, sizeof(n)) != sizeof(n))
		return 1;
	lttng_ust_tracepoint(peer, got, 3 - p->me, n);
	return 0;
}

int main(int argc, char **argv)
{
	struct peer p;
	unsigned long i, n;
	int bad = 0;

	if (argc != 6)
		return 2;
	p.me = strcmp(argv[1], "first") ? 2 : 1;
	/* A fifo opened for both does not wait for the other end. */
	p.in = open(argv[2], O_RDWR);
	p.out = open(argv[3], O_RDWR);
	n = strtoul(argv[4], NULL, 10);
	p.log = fopen(argv[5], "w");
	if (p.in < 0 || p.out < 0 || !p.log)
		return 2;
	for (i = 0; !bad && i < n; i++) {
		line(&p, i);
		bad = p.me == 1 ? give(&p, i) || take(&p) : take(&p) || give(&p, i);
		usleep(20000);
	}
	return bad || fclose(p.log);
}
