// SPDX-License-Identifier: MIT
#include "live/group.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "fuse/fail.h"

static void *member_run(void *arg)
{
	struct live_member *m = arg;

	m->ret = live_source_run(&m->source, &m->why);
	if (m->ret)
		m->source.say(m->source.say_ctx, m->why.msg);
	eventfd_write(m->ended, 1);
	return NULL;
}

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Milliseconds until then, for poll(). */
static int left_ms(int64_t until_ns)
{
	int64_t ms = (until_ns - now_ns() + 999999) / 1000000;

	if (until_ns == INT64_MAX)
		return -1;
	return ms < 0 ? 0 : ms > INT32_MAX ? INT32_MAX : (int)ms;
}

/* When something is to be done next. */
static int64_t next_ns(const struct live_tick *tick, int64_t tick_ns,
		       int64_t until_ns)
{
	return tick && tick_ns < until_ns ? tick_ns : until_ns;
}

/* Until a signal, that time, or the end of @n members, each of which adds 1. */
static void wait_end(int signals, int ended, uint64_t n, int64_t until_ns,
		     const struct live_tick *tick)
{
	struct pollfd pfd[] = {
		{ .fd = signals, .events = POLLIN },
		{ .fd = ended, .events = POLLIN },
	};
	struct signalfd_siginfo info;
	int64_t tick_ns = now_ns();
	uint64_t sum = 0;

	while (sum < n) {
		eventfd_t some;
		int got = poll(pfd, 2, left_ms(next_ns(tick, tick_ns, until_ns)));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || now_ns() >= until_ns)
			return;
		if (tick && now_ns() >= tick_ns) {
			tick->fn(tick->ctx);
			tick_ns = now_ns() + tick->every_ns;
		}
		/* Taken: it is not to count once more. */
		if (pfd[0].revents && read(signals, &info, sizeof(info)) > 0)
			return;
		if (pfd[1].revents && !eventfd_read(ended, &some))
			sum += some;
	}
}

/* How many threads began. */
static size_t start(struct live_member *m, size_t n, int stop, int ended,
		    struct ctf_error *e)
{
	size_t i;
	int err;

	for (i = 0; i < n; i++) {
		m[i].source.link.stop = stop;
		pthread_mutex_init(&m[i].source.lock, NULL);
		m[i].ended = ended;
		err = pthread_create(&m[i].thread, NULL, member_run, &m[i]);
		if (err) {
			vmsync_fail(e, -err, "", "a thread: %s", strerror(err));
			break;
		}
	}
	return i;
}

int live_group_run(struct live_member *m, size_t n, int64_t ns,
		   const struct live_tick *tick, struct ctf_error *e)
{
	int stop = eventfd(0, EFD_CLOEXEC), ended = eventfd(0, EFD_CLOEXEC);
	int64_t until = ns ? now_ns() + ns : INT64_MAX;
	size_t i, started = 0;
	int signals;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (stop < 0 || ended < 0 || signals < 0)
		vmsync_fail(e, -errno, "", "%s", strerror(errno));
	else
		started = start(m, n, stop, ended, e);
	if (started == n)
		wait_end(signals, ended, n, until, tick);
	if (signals >= 0)
		close(signals);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	if (started)
		eventfd_write(stop, 1);
	for (i = 0; i < started; i++)
		pthread_join(m[i].thread, NULL);
	if (tick && started == n)
		tick->fn(tick->ctx);
	if (stop >= 0)
		close(stop);
	if (ended >= 0)
		close(ended);
	return started == n ? 0 : e->code;
}
