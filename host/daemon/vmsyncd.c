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
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/domains.h"
#include "port/now.h"
#include "port/signals.h"

#define TROUBLE 2
#define NS_PER_MS 1000000

/* What is waited for before the guests' sockets. */
enum { SIGNALS, DOMAINS, CONTROL, LINKS = CONTROL + VMSYNC_CONTROL_FDS };

/** struct daemon - all that there is; @pfd has room for @n_pfd */
struct daemon {
	const char *domains_dir;
	const char *control_path;
	const char *hook_path;
	struct vmsync_guests guests;
	struct vmsync_domains domains;
	struct vmsync_control control;
	struct pollfd *pfd;
	size_t n_pfd;
	int signals;
};

static const char usage[] =
	"usage: vmsyncd [OPTION]...\n"
	"\n"
	"Answers the beacons of vmsync-agent in guests. Without --socket these are all\n"
	"running domains of libvirt that have a channel org.vmsync.agent.0.\n"
	"\n"
	"  -s, --socket=PATH   the unix socket at which QEMU listens for a guest's port;\n"
	"                      one for each guest\n"
	"  -d, --domains=DIR   where libvirt keeps its running domains, instead of\n"
	"                      " VMSYNC_DOMAINS_DIR "; also where --socket is given\n"
	"  -c, --control=PATH  make the control socket there; systemd gives one\n"
	"      --hook=PATH     make the socket for libvirt's hook there; the same\n"
	"  -h, --help          print this\n"
	"  -V, --version       print the version\n";

static int add_socket(struct daemon *d, const char *path)
{
	int ret = vmsyncd_guest_socket(&d->guests, path);

	if (!ret)
		return 0;
	fprintf(stderr, "vmsyncd: %s: %s; give a shorter path\n", path,
		strerror(-ret));
	return TROUBLE;
}

static int option(struct daemon *d, int c)
{
	switch (c) {
	case 's':
		return add_socket(d, optarg);
	case 'd':
		d->domains_dir = optarg;
		return 0;
	case 'c':
		d->control_path = optarg;
		return 0;
	case 'k':
		d->hook_path = optarg;
		return 0;
	case 'h':
		fputs(usage, stdout);
		exit(0);
	case 'V':
		puts("vmsyncd " VMSYNC_VERSION);
		exit(0);
	}
	return TROUBLE;
}

static int no_option(const char *arg)
{
	fprintf(stderr, "vmsyncd: %s: no such option, or not with what it needs; "
		"vmsyncd --help lists options\n", arg);
	return TROUBLE;
}

static int options(struct daemon *d, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "domains", required_argument, NULL, 'd' },
		{ "control", required_argument, NULL, 'c' },
		{ "hook", required_argument, NULL, 'k' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c, ret = 0;

	opterr = 0;
	while (!ret && (c = getopt_long(argc, argv, "s:d:c:hV", longs, NULL)) != -1)
		ret = c == '?' ? no_option(argv[optind - 1]) : option(d, c);
	if (ret)
		return ret;
	if (optind < argc) {
		fputs("vmsyncd: takes no arguments; vmsyncd --help lists options\n",
		      stderr);
		return TROUBLE;
	}
	if (!d->guests.n && !d->domains_dir)
		d->domains_dir = VMSYNC_DOMAINS_DIR;
	return 0;
}

static int trouble(const char *what, int err, const char *remedy)
{
	fprintf(stderr, "vmsyncd: %s: %s%s\n", what, strerror(err), remedy);
	return TROUBLE;
}

static int open_socket(struct daemon *d, const char *path, int type)
{
	int ret = path ? vmsync_control_bind(&d->control, path, type) : 0;

	if (!ret)
		return 0;
	return trouble(path, -ret,
		       ret == -EADDRINUSE ? "; is another vmsyncd running?" :
		       ret == -ENOENT ? "; make its folder first" :
					"");
}

static int begin(struct daemon *d)
{
	int ret;

	/* A guest that hangs up is told by write(). */
	signal(SIGPIPE, SIG_IGN);
	d->signals = vmsync_port_signals();
	if (d->signals < 0)
		return trouble("signals", errno, "");
	ret = vmsync_control_inherit(&d->control);
	if (ret)
		return trouble("sockets given by systemd", -ret,
			       "; they are those of vmsyncd.socket");
	ret = vmsync_domains_open(&d->domains, d->domains_dir);
	if (ret)
		return trouble(ret == -ENOTDIR ? d->domains_dir : "inotify", -ret,
			       ret == -ENOTDIR ? "; name libvirt's folder" : "");
	ret = open_socket(d, d->control_path, SOCK_SEQPACKET);
	if (!ret)
		ret = open_socket(d, d->hook_path, SOCK_DGRAM);
	if (!ret)
		vmsync_control_ready();
	return ret;
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

static int room(struct daemon *d)
{
	size_t n = LINKS + d->guests.n;
	struct pollfd *p;

	if (n <= d->n_pfd)
		return 0;
	p = realloc(d->pfd, n * sizeof(*p));
	if (!p)
		return -ENOMEM;
	d->pfd = p;
	d->n_pfd = n;
	return 0;
}

/* What each waits for. Return: until when, ns. */
static uint64_t prepare(struct daemon *d, uint64_t now_ns)
{
	uint64_t until_ns = d->domains_dir ? d->domains.due_ns : UINT64_MAX;
	size_t i;

	d->pfd[SIGNALS] = (struct pollfd){ .fd = d->signals, .events = POLLIN };
	d->pfd[DOMAINS] = (struct pollfd){ .fd = d->domains.fd, .events = POLLIN };
	vmsync_control_wait(&d->control, d->pfd + CONTROL);
	for (i = 0; i < d->guests.n; i++)
		vmsyncd_link_wait(&d->guests.guest[i]->link, &d->pfd[LINKS + i],
				 now_ns, &until_ns);
	return until_ns;
}

/* Guests are worked on before any of them can go. */
static void work(struct daemon *d)
{
	size_t i;

	for (i = 0; i < d->guests.n; i++)
		vmsyncd_link_work(&d->guests.guest[i]->link,
				 d->pfd[LINKS + i].revents);
	if (vmsync_control_work(&d->control, &d->guests, d->pfd + CONTROL))
		vmsync_domains_changed(&d->domains, vmsync_port_now());
}

static int run(struct daemon *d)
{
	for (;;) {
		uint64_t now_ns = vmsync_port_now();

		vmsync_domains_work(&d->domains, &d->guests, now_ns);
		vmsync_control_check(&d->control, &d->guests);
		if (room(d))
			return trouble("guests", ENOMEM, "");
		if (poll(d->pfd, LINKS + d->guests.n,
			 wait_ms(now_ns, prepare(d, now_ns))) < 0) {
			if (errno == EINTR)
				continue;
			return trouble("poll", errno, "");
		}
		if (d->pfd[SIGNALS].revents)
			return 0;
		work(d);
	}
}

static void end(struct daemon *d)
{
	/* Only what was made here: systemd keeps its own. */
	if (d->control_path)
		unlink(d->control_path);
	if (d->hook_path)
		unlink(d->hook_path);
	while (d->guests.n)
		vmsyncd_guest_forget(&d->guests, 0);
	free(d->guests.guest);
	free(d->pfd);
}

int main(int argc, char **argv)
{
	struct daemon d = { 0 };
	int ret;

	vmsync_control_init(&d.control);
	ret = options(&d, argc, argv);
	if (!ret)
		ret = begin(&d);
	if (ret)
		return ret;
	ret = run(&d);
	end(&d);
	return ret;
}
