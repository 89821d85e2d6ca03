// SPDX-License-Identifier: MIT
#include "live/group.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "live/pace.h"

/* What is waited for, before each member's descriptor. */
enum { SIGNALS, ENDED, MEMBERS };

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
 * What is waited for. @tick_ns: when the last tick was; @came: of the member that is
 * followed, something did since.
 */
struct group_wait {
	struct pollfd *pfd; /* [MEMBERS + @n], of which @open are */
	size_t open;
	struct live_member *m;
	size_t n;
	int64_t until_ns;
	const struct live_tick *tick;
	int64_t tick_ns;
	struct live_pace pace;
	bool came;
};

/*
 * A tick comes when something came of who is followed, up to a tenth early, and waits
 * for it for a quarter: else what comes as often would always wait for the next one, for
 * as long as the two happen to be apart.
 */
static int64_t tick_due_ns(const struct group_wait *w)
{
	int64_t every_ns = w->tick ? w->tick->every_ns : 0, due_ns, soon_ns;

	if (!w->tick)
		return INT64_MAX;
	if (!w->tick_ns)
		return 0;
	due_ns = w->tick_ns + every_ns + (w->came ? -every_ns / 10 : every_ns / 4);
	soon_ns = w->came ? live_pace_soon_ns(&w->pace) : 0;
	return soon_ns > due_ns ? soon_ns : due_ns;
}

static void tick_now(struct group_wait *w)
{
	w->tick_ns = now_ns();
	w->came = false;
	w->tick->fn(w->tick->ctx);
}

/* Of which members something came. */
static void look_came(struct group_wait *w)
{
	eventfd_t some;
	size_t i;

	for (i = 0; i < w->n; i++) {
		const struct pollfd *p = &w->pfd[MEMBERS + i];

		if (p->revents && !eventfd_read(p->fd, &some))
			w->came |= live_pace_came(&w->pace, i, now_ns());
	}
}

/* Until a signal, the time is over, or all members have ended, each of which adds 1. */
static void wait_end(struct group_wait *w)
{
	const struct pollfd *pfd = w->pfd;
	struct signalfd_siginfo info;
	uint64_t sum = 0;

	while (sum < w->n) {
		int64_t due_ns = tick_due_ns(w);
		eventfd_t some;
		int got = poll(w->pfd, MEMBERS + w->n,
			       left_ms(due_ns < w->until_ns ? due_ns :
							      w->until_ns));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 || now_ns() >= w->until_ns)
			return;
		look_came(w);
		if (now_ns() >= tick_due_ns(w))
			tick_now(w);
		/* Taken: it is not to count once more. */
		if (pfd[SIGNALS].revents &&
		    read(pfd[SIGNALS].fd, &info, sizeof(info)) > 0)
			return;
		if (pfd[ENDED].revents && !eventfd_read(pfd[ENDED].fd, &some))
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
		m[i].source.came = w->pfd[MEMBERS + i].fd;
		m[i].ended = w->pfd[ENDED].fd;
		err = pthread_create(&m[i].thread, NULL, member_run, &m[i]);
		if (err) {
			vmsync_fail(e, -err, "", "a thread: %s", strerror(err));
			break;
		}
	}
	return i;
}

static void signals_set(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGTERM);
}

static int wait_open(struct group_wait *w, struct ctf_error *e)
{
	sigset_t set;
	size_t i;

	w->pfd = calloc(MEMBERS + w->n, sizeof(*w->pfd));
	w->pace.at = calloc(w->n, sizeof(*w->pace.at));
	if (!w->pfd || !w->pace.at)
		return vmsync_fail_memory(e);
	signals_set(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (i = 0; i < MEMBERS + w->n; i++) {
		int fd = i == SIGNALS ? signalfd(-1, &set, SFD_CLOEXEC) :
					eventfd(0, EFD_CLOEXEC);

		if (fd < 0)
			return vmsync_fail(e, -errno, "", "%s", strerror(errno));
		w->pfd[i] = (struct pollfd){ .fd = fd, .events = POLLIN };
		w->open++;
	}
	return 0;
}

/* From here on a signal does what it does by itself. */
static void signals_leave(struct group_wait *w)
{
	sigset_t set;

	if (!w->open)
		return;
	close(w->pfd[SIGNALS].fd);
	signals_set(&set);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void wait_close(struct group_wait *w)
{
	size_t i;

	for (i = ENDED; i < w->open; i++)
		close(w->pfd[i].fd);
	free(w->pfd);
	free(w->pace.at);
}

int live_group_run(struct live_member *m, size_t n, int64_t ns,
		   const struct live_tick *tick, struct ctf_error *e)
{
	struct group_wait w = {
		.m = m,
		.n = n,
		.until_ns = ns ? now_ns() + ns : INT64_MAX,
		.tick = tick,
		.pace.n = n,
	};
	int stop = eventfd(0, EFD_CLOEXEC), ret;
	size_t i, started = 0;

	if (stop < 0)
		ret = vmsync_fail(e, -errno, "", "%s", strerror(errno));
	else
		ret = wait_open(&w, e);
	if (!ret)
		started = start(&w, stop, e);
	if (!ret && started == n)
		wait_end(&w);
	signals_leave(&w);
	if (started)
		eventfd_write(stop, 1);
	for (i = 0; i < started; i++)
		pthread_join(m[i].thread, NULL);
	if (tick && !ret && started == n)
		tick->fn(tick->ctx);
	if (stop >= 0)
		close(stop);
	wait_close(&w);
	return !ret && started == n ? 0 : e->code;
}
