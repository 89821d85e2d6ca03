// SPDX-License-Identifier: MIT
/*
 * vmsyncd: answers the beacons that guests send over their ports.
 *
 * One loop for all guests. It waits for nothing but poll(), and reads so much of
 * each guest in a round.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/link.h"
#include "port/now.h"
#include "port/signals.h"

#define TROUBLE 2
#define NS_PER_MS 1000000

/** struct links - [@n]; @pfd has one more, which is the signals' */
struct links {
	struct vmsync_link *link;
	struct pollfd *pfd;
	size_t n;
};

static const char usage[] =
	"usage: vmsyncd --socket PATH [--socket PATH]...\n"
	"\n"
	"Answers the beacons of vmsync-agent in guests. Each PATH is the unix socket at\n"
	"which QEMU listens for one guest's port org.vmsync.agent.0.\n"
	"\n"
	"  -s, --socket=PATH  one for each guest\n"
	"  -h, --help         print this\n"
	"  -V, --version      print the version\n";

static int links_add(struct links *l, const char *path)
{
	struct vmsync_link *p = realloc(l->link, (l->n + 1) * sizeof(*p));

	if (!p)
		return -ENOMEM;
	l->link = p;
	return vmsync_link_init(&p[l->n++], path);
}

static int options(struct links *l, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c, ret;

	while ((c = getopt_long(argc, argv, "s:hV", longs, NULL)) != -1) {
		switch (c) {
		case 's':
			ret = links_add(l, optarg);
			if (!ret)
				break;
			fprintf(stderr, "vmsyncd: %s: %s; give a shorter path\n",
				optarg, strerror(-ret));
			return TROUBLE;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'V':
			puts("vmsyncd " VMSYNC_VERSION);
			exit(0);
		default:
			return TROUBLE;
		}
	}
	if (optind == argc && l->n)
		return 0;
	fputs(optind < argc ?
		      "vmsyncd: takes no arguments; vmsyncd --help lists options\n" :
		      "vmsyncd: no --socket; name that of each guest's port\n",
	      stderr);
	return TROUBLE;
}

static int wait_ms(uint64_t now_ns, uint64_t until_ns)
{
	uint64_t ms;

	if (until_ns == UINT64_MAX)
		return -1;
	if (until_ns <= now_ns)
		return 0;
	ms = (until_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS;
	return ms < 60000 ? (int)ms : 60000;
}

static int run(struct links *l)
{
	size_t i;

	for (;;) {
		uint64_t now_ns = vmsync_port_now(), until_ns = UINT64_MAX;

		for (i = 0; i < l->n; i++)
			vmsync_link_wait(&l->link[i], &l->pfd[i], now_ns,
					 &until_ns);
		if (poll(l->pfd, l->n + 1, wait_ms(now_ns, until_ns)) < 0 &&
		    errno != EINTR) {
			fprintf(stderr, "vmsyncd: poll: %s\n", strerror(errno));
			return TROUBLE;
		}
		if (l->pfd[l->n].revents)
			return 0;
		for (i = 0; i < l->n; i++)
			vmsync_link_work(&l->link[i], l->pfd[i].revents);
	}
}

int main(int argc, char **argv)
{
	struct links l = { 0 };
	size_t i;
	int ret = options(&l, argc, argv);

	if (ret)
		return ret;
	l.pfd = calloc(l.n + 1, sizeof(*l.pfd));
	if (!l.pfd)
		return TROUBLE;
	/* A guest that hangs up is told by write(). */
	signal(SIGPIPE, SIG_IGN);
	l.pfd[l.n] = (struct pollfd){ .fd = vmsync_port_signals(), .events = POLLIN };
	if (l.pfd[l.n].fd < 0) {
		fprintf(stderr, "vmsyncd: signals: %s\n", strerror(errno));
		return TROUBLE;
	}
	ret = run(&l);
	for (i = 0; i < l.n; i++)
		vmsync_link_end(&l.link[i]);
	free(l.link);
	free(l.pfd);
	return ret;
}
