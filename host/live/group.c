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

/*
 * What is waited for. @tick_ns: when the last tick was; @came: of the first member,
 * something did since.
 */
struct group_wait {
	int signals;
	int ended;
	int first;
	struct live_member *m;
	size_t n;
	int64_t until_ns;
	const struct live_tick *tick;
	int64_t tick_ns;
	bool came;
};

/*
 * A tick comes when something came of the first member, up to a tenth early, and waits
 * for it for a quarter: else what comes as often would always wait for the next one, for
 * as long as the two happen to be apart.
 */
static int64_t tick_due_ns(const struct group_wait *w)
{
	int64_t every_ns = w->tick ? w->tick->every_ns : 0;

	if (!w->tick)
		return INT64_MAX;
	if (!w->tick_ns)
		return 0;
	return w->tick_ns + every_ns + (w->came ? -every_ns / 10 : every_ns / 4);
}

static void tick_now(struct group_wait *w)
{
	w->tick_ns = now_ns();
	w->came = false;
	w->tick->fn(w->tick->ctx);
}

/* Until a signal, the time is over, or all members have ended, each of which adds 1. */
static void wait_end(struct group_wait *w)
{
	struct pollfd pfd[] = {
		{ .fd = w->signals, .events = POLLIN },
		{ .fd = w->ended, .events = POLLIN },
		{ .fd = w->first, .events = POLLIN },
	};
	struct signalfd_siginfo info;
	uint64_t sum = 0;

	while (sum < w->n) {
		int64_t due_ns = tick_due_ns(w);
		eventfd_t some;
		int got = poll(pfd, 3, left_ms(due_ns < w->until_ns ? due_ns :
								     w->until_ns));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || now_ns() >= w->until_ns)
			return;
		if (pfd[2].revents && !eventfd_read(w->first, &some))
			w->came = true;
		if (now_ns() >= tick_due_ns(w))
			tick_now(w);
		/* Taken: it is not to count once more. */
		if (pfd[0].revents && read(w->signals, &info, sizeof(info)) > 0)
			return;
		if (pfd[1].revents && !eventfd_read(w->ended, &some))
			sum += some;
	}
}

/* How many threads began. */
static size_t start(const struct group_wait *w, int stop, struct ctf_error *e)
{
	struct live_member *m = w->m;
	size_t i;
	int err;

	for (i = 0; i < w->n; i++) {
		m[i].source.link.stop = stop;
		pthread_mutex_init(&m[i].source.lock, NULL);
		m[i].source.came = i ? -1 : w->first;
		m[i].ended = w->ended;
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
	struct group_wait w = {
		.signals = -1,
		.ended = eventfd(0, EFD_CLOEXEC),
		.first = eventfd(0, EFD_CLOEXEC),
		.m = m,
		.n = n,
		.until_ns = ns ? now_ns() + ns : INT64_MAX,
		.tick = tick,
	};
	int stop = eventfd(0, EFD_CLOEXEC);
	size_t i, started = 0;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	w.signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (stop < 0 || w.ended < 0 || w.first < 0 || w.signals < 0)
		vmsync_fail(e, -errno, "", "%s", strerror(errno));
	else
		started = start(&w, stop, e);
	if (started == n)
		wait_end(&w);
	if (w.signals >= 0)
		close(w.signals);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	if (started)
		eventfd_write(stop, 1);
	for (i = 0; i < started; i++)
		pthread_join(m[i].thread, NULL);
	if (tick && started == n)
		tick->fn(tick->ctx);
	if (stop >= 0)
		close(stop);
	if (w.ended >= 0)
		close(w.ended);
	if (w.first >= 0)
		close(w.first);
	return started == n ? 0 : e->code;
}
