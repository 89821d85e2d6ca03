// SPDX-License-Identifier: MIT
/*
 * vmsync-agent: sends beacons to vmsyncd on the host, over the guest's port.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agent/events.h"
#include "agent/pages.h"
#include "agent/recording.h"
#include "port/frame.h"
#include "port/now.h"
#include "port/output.h"
#include "port/signals.h"

#define TROUBLE	    2
#define DEVICE	    "/dev/virtio-ports/" VMSYNC_PORT_NAME
#define SPOOL	    "/var/lib/vmsync"
#define USUAL_RATE  10
#define MOST_RATE   100
#define CNT_STEP    2

/* Answers to so many beacons may still be on their way. */
#define LATE 1024

enum { SIGNALS, TICK, PORT, CHILD, N_FDS };

/**
 * struct agent - all that there is
 * @next:	number of the next beacon
 * @sent, @answered: beacons
 * @unsent:	the port did not take them
 * @away:	nobody has the port open on the host: it is not asked before the next tick
 * @pages:	the file of one look at free pages, which is all that is wanted, or NULL
 * @tell:	what the host wants to know of the recording, bits by VMSYNC_PORT_*
 */
struct agent {
	const char *device;
	const char *pages;
	unsigned int rate;
	uint64_t vm_uid;
	uint32_t next;
	uint64_t sent;
	uint64_t unsent;
	uint64_t answered;
	bool away;
	uint32_t tell;
	struct agent_recording recording;
	struct pollfd pfd[N_FDS];
	int fd;
	struct vmsync_port_decoder in;
	struct vmsync_port_output out;
};

static const char usage[] =
	"usage: vmsync-agent [OPTION]...\n"
	"\n"
	"Sends beacons to vmsyncd on the host while a session records them, and records\n"
	"with LTTng where the host asks for it.\n"
	"\n"
	"  -d, --device=PATH  the port, instead of\n"
	"                     " DEVICE "\n"
	"  -r, --rate=N       beacons per second, 1 to 100 (10)\n"
	"      --spool=DIR    keep recordings there until they are fetched, instead of\n"
	"                     " SPOOL "\n"
	"      --no-record    do not record for the host\n"
	"      --no-pages     do not tell the host which pages of memory are free\n"
	"      --pages=FILE   only write into FILE which pages are free, for a host that\n"
	"                     has no port to ask at: vmsync memory --pages=FILE\n"
	"  -h, --help         print this\n"
	"  -V, --version      print the version\n";

static int rate_set(struct agent *a, const char *text)
{
	char *end;
	unsigned long rate = strtoul(text, &end, 10);

	if (*end || end == text || !rate || rate > MOST_RATE) {
		fprintf(stderr,
			"vmsync-agent: --rate=%s; give a number from 1 to %d\n",
			text, MOST_RATE);
		return TROUBLE;
	}
	a->rate = (unsigned int)rate;
	return 0;
}

static int options(struct agent *a, int argc, char **argv)
{
	static const struct option longs[] = {
		{ "device", required_argument, NULL, 'd' },
		{ "rate", required_argument, NULL, 'r' },
		{ "spool", required_argument, NULL, 'S' },
		{ "no-record", no_argument, NULL, 'N' },
		{ "no-pages", no_argument, NULL, 'G' },
		{ "pages", required_argument, NULL, 'P' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "d:r:hV", longs, NULL)) != -1) {
		switch (c) {
		case 'd':
			a->device = optarg;
			break;
		case 'r':
			if (rate_set(a, optarg))
				return TROUBLE;
			break;
		case 'S':
			a->recording.spool = optarg;
			break;
		case 'N':
			a->recording.refuse = true;
			break;
		case 'G':
			a->recording.refuse_pages = true;
			break;
		case 'P':
			a->pages = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			exit(0);
		case 'V':
			puts("vmsync-agent " VMSYNC_VERSION);
			exit(0);
		default:
			fprintf(stderr, "vmsync-agent: %s: no such option, or not "
				"with what it needs; vmsync-agent --help lists "
				"options\n", argv[optind - 1]);
			return TROUBLE;
		}
	}
	if (optind == argc)
		return 0;
	fputs("vmsync-agent: takes no arguments; vmsync-agent --help lists "
	      "options\n", stderr);
	return TROUBLE;
}

static int timer(unsigned int rate)
{
	struct itimerspec t = { .it_value.tv_nsec = 1 };
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);

	t.it_interval.tv_sec = rate == 1;
	t.it_interval.tv_nsec = rate == 1 ? 0 : 1000000000 / (long)rate;
	if (fd >= 0 && timerfd_settime(fd, 0, &t, NULL)) {
		close(fd);
		return -1;
	}
	return fd;
}

/* Another one at each start: numbers of beacons begin anew, too. */
static int identity(uint64_t *vm_uid)
{
	do {
		if (getrandom(vm_uid, sizeof(*vm_uid), 0) != sizeof(*vm_uid))
			return -1;
		*vm_uid &= INT64_MAX;
	} while (!*vm_uid);
	return 0;
}

static int start(struct agent *a)
{
	a->fd = open(a->device, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (a->fd < 0) {
		int err = errno;

		fprintf(stderr, "vmsync-agent: %s: %s; %s\n", a->device,
			strerror(err),
			err == EBUSY ? "is another vmsync-agent running?" :
			err == EACCES ? "start it as root" :
			"give the guest a virtio-serial port named "
			VMSYNC_PORT_NAME);
		return TROUBLE;
	}
	a->pfd[SIGNALS].fd = vmsync_port_signals();
	a->pfd[TICK].fd = timer(a->rate);
	if (a->pfd[SIGNALS].fd < 0 || a->pfd[TICK].fd < 0 ||
	    identity(&a->vm_uid)) {
		fprintf(stderr, "vmsync-agent: %s\n", strerror(errno));
		return TROUBLE;
	}
	return 0;
}

/* Events are on the same side of a message as the readings of the clock. */
static int send_beacon(struct agent *a)
{
	struct vmsync_port_frame frame = {
		.type = VMSYNC_PORT_REQUEST,
		.cnt = a->next,
		.vm_uid = a->vm_uid,
	};
	int ret;

	/* Nothing is sent while nobody records it. */
	if (!tracepoint_enabled(vmsync_port, gh_guest))
		return 0;
	if (vmsync_port_busy(&a->out)) {
		a->unsent++;
		return 0;
	}
	a->next += CNT_STEP;
	frame.mono_ns = vmsync_port_now();
	tracepoint(vmsync_port, gh_guest, frame.cnt, frame.vm_uid,
		   frame.mono_ns);
	ret = vmsync_port_send(&a->out, a->fd, &frame);
	a->sent += !ret;
	a->unsent += ret == -EAGAIN;
	return ret == -EAGAIN ? 0 : ret;
}

static void take_answer(struct agent *a, const struct vmsync_port_frame *f,
			uint64_t came_ns)
{
	uint32_t behind = a->next - 1 - f->cnt;

	if (f->type != VMSYNC_PORT_ANSWER || f->vm_uid != a->vm_uid ||
	    behind % CNT_STEP || behind >= LATE * CNT_STEP)
		return;
	a->answered++;
	tracepoint(vmsync_port, hg_guest, f->cnt, f->vm_uid, came_ns);
}

/* Return: 0 or a negative errno; no byte is no error, but nobody is there. */
static int take(struct agent *a)
{
	struct vmsync_port_frame frame;
	uint64_t came_ns;
	size_t max;
	uint8_t *room = vmsync_port_room(&a->in, &max);
	ssize_t n = read(a->fd, room, max);

	came_ns = vmsync_port_now();
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	a->away = !n;
	vmsync_port_fed(&a->in, (size_t)n);
	while (vmsync_port_next(&a->in, &frame)) {
		uint8_t tell = agent_recording_take(&a->recording, &frame,
						    came_ns);

		take_answer(a, &frame, came_ns);
		a->tell |= tell ? 1u << tell : 0;
	}
	return 0;
}

/* What the host asked for, as far as the port takes it. */
static int answer_host(struct agent *a)
{
	struct vmsync_port_frame frame;
	int ret = 0;

	if (a->tell && !vmsync_port_busy(&a->out)) {
		uint8_t tell = (uint8_t)__builtin_ctz(a->tell);

		agent_recording_state(&a->recording, tell, &frame);
		a->tell &= a->tell - 1;
		vmsync_port_add(&a->out, &frame);
	}
	agent_recording_pulled(&a->recording, &a->out);
	if (vmsync_port_busy(&a->out))
		ret = vmsync_port_flush(&a->out, a->fd);
	return ret;
}

static int port_work(struct agent *a)
{
	short revents = a->pfd[PORT].revents;
	int ret = 0;

	if (revents & POLLOUT)
		ret = vmsync_port_flush(&a->out, a->fd);
	if (!ret && revents & POLLIN)
		ret = take(a);
	else if (!ret && revents & (POLLHUP | POLLERR))
		a->away = true;
	return ret;
}

static int tick(struct agent *a)
{
	uint64_t times;

	if (read(a->pfd[TICK].fd, &times, sizeof(times)) != sizeof(times))
		return 0;
	agent_recording_tick(&a->recording, vmsync_port_now());
	/* A port without a host is always ready to say so: ask now and then. */
	if (a->away) {
		a->away = false;
		return take(a);
	}
	return send_beacon(a);
}

static int run(struct agent *a)
{
	int ret = 0;

	a->pfd[SIGNALS].events = POLLIN;
	a->pfd[TICK].events = POLLIN;
	a->pfd[CHILD].events = POLLIN;
	agent_recording_init(&a->recording);
	while (!ret) {
		a->pfd[PORT].fd = a->away ? -1 : a->fd;
		a->pfd[PORT].events =
			POLLIN | (vmsync_port_busy(&a->out) ||
						  a->recording.pull.length ?
					  POLLOUT :
					  0);
		a->pfd[CHILD].fd = a->recording.pipe;
		if (poll(a->pfd, N_FDS, -1) < 0) {
			if (errno == EINTR)
				continue;
			ret = -errno;
			break;
		}
		if (a->pfd[SIGNALS].revents)
			break;
		if (a->pfd[PORT].revents)
			ret = port_work(a);
		if (a->recording.pipe >= 0 && a->pfd[CHILD].revents)
			agent_recording_child(&a->recording);
		if (!ret && a->pfd[TICK].revents)
			ret = tick(a);
		if (!ret)
			ret = answer_host(a);
	}
	agent_recording_end(&a->recording);
	fprintf(stderr,
		"vmsync-agent: %llu beacons sent, %llu unsent, %llu answered\n",
		(unsigned long long)a->sent, (unsigned long long)a->unsent,
		(unsigned long long)a->answered);
	if (!ret)
		return 0;
	fprintf(stderr,
		"vmsync-agent: %s: %s; start it again when the port is back\n",
		a->device, strerror(-ret));
	return TROUBLE;
}

static int pages(const char *path)
{
	char said[VMSYNC_PORT_TEXT_MAX + 1];

	if (!agent_pages_look(path, said, sizeof(said)))
		return 0;
	fprintf(stderr, "vmsync-agent: %s\n", said);
	return TROUBLE;
}

int main(int argc, char **argv)
{
	struct agent a = { .device = DEVICE, .rate = USUAL_RATE,
			   .recording.spool = SPOOL };
	int ret = options(&a, argc, argv);

	if (!ret && a.pages)
		return pages(a.pages);
	if (!ret)
		ret = start(&a);
	return ret ? ret : run(&a);
}
