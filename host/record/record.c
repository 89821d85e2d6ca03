// SPDX-License-Identifier: MIT
#include "record/record.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuse/fail.h"
#include "port/now.h"
#include "base/run.h"
#include "record/folder.h"

#define SECOND 1000000000ull
#define ROUND_MS 100

static int no_memory(struct ctf_error *e)
{
	return vmsync_fail(e, -ENOMEM, "", "out of memory");
}

/* --- guests */

/* By one of those that were taken. */
static bool is_folder_of_one(const void *ctx, const char *folder)
{
	const struct vmsync_record *r = ctx;
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (!strcmp(r->guest[i].folder, folder))
			return true;
	}
	return false;
}

static int guests_take(struct vmsync_record *r,
		       const struct vmsync_client_list *list,
		       struct ctf_error *e)
{
	struct record_guest *g;
	size_t i, k;

	r->guest = calloc(list->n + 1, sizeof(*r->guest));
	if (!r->guest)
		return no_memory(e);
	for (i = 0; i < list->n; i++) {
		g = &r->guest[r->n];
		if (record_guest_init(g, list->guest[i]))
			return vmsync_fail(e, -EPROTO, "is it of this version?",
					   "vmsyncd is not understood");
		if (!record_guest_is_wanted(g, r->vm, r->n_vm))
			continue;
		g->events = r->events;
		g->ring = r->ring;
		g->named = r->n_vm;
		record_guest_folder(g, r->output, is_folder_of_one, r);
		r->n++;
	}
	for (k = 0; k < r->n_vm; k++) {
		for (i = 0; i < r->n && !record_guest_is_wanted(&r->guest[i], &r->vm[k], 1); i++)
			;
		if (i == r->n)
			return vmsync_fail(e, -ENOENT, "vmsync status lists them",
					   "vmsyncd knows no guest %s", r->vm[k]);
	}
	return 0;
}

/* Without vmsyncd there is the host, where no guest was asked for. */
static int guests_find(struct vmsync_record *r, struct ctf_error *e)
{
	struct vmsync_client_list list;
	struct ctf_error why;
	int ret = vmsync_client_list(r->control, &list, &why);

	if (ret && r->n_vm) {
		*e = why;
		return ret;
	}
	if (ret) {
		snprintf(r->no_guests, sizeof(r->no_guests), "%.200s", why.msg);
		return 0;
	}
	ret = guests_take(r, &list, e);
	vmsync_client_free(&list);
	return ret;
}

static void guests_move(struct vmsync_record *r, enum record_state from,
			enum record_state to)
{
	uint64_t now_ns = vmsync_port_now();
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (r->guest[i].state == from)
			record_guest_set(&r->guest[i], to, now_ns);
	}
}

static size_t guests_in(const struct vmsync_record *r, enum record_state state)
{
	size_t i, n = 0;

	for (i = 0; i < r->n; i++)
		n += r->guest[i].state == state;
	return n;
}

/* --- the loop */

static void signals_take(struct vmsync_record *r)
{
	struct signalfd_siginfo info;
	int status;

	while (read(r->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGCHLD) {
			r->stops++;
		} else if (r->child > 0 &&
			   waitpid(r->child, &status, WNOHANG) == r->child) {
			r->child = 0;
			r->status = WIFEXITED(status) ? WEXITSTATUS(status) :
							128 + WTERMSIG(status);
		}
	}
}

/* One round: wait for whatever comes, and no longer than ROUND_MS. */
static void round_once(struct vmsync_record *r, struct pollfd *pfd)
{
	uint64_t now_ns = vmsync_port_now();
	size_t i;

	for (i = 0; i < r->n; i++) {
		record_guest_tick(&r->guest[i], r->control, now_ns);
		pfd[i] = (struct pollfd){ .fd = r->guest[i].fd,
					  .events = POLLIN };
	}
	pfd[r->n] = (struct pollfd){ .fd = r->signals, .events = POLLIN };
	poll(pfd, r->n + 1, ROUND_MS);
	now_ns = vmsync_port_now();
	for (i = 0; i < r->n; i++)
		record_guest_hear(&r->guest[i], now_ns);
	/* A flight recorder needs no disk before its end. */
	if (r->host.recording && !r->ring)
		vmsync_tracing_look(&r->host.tracing);
	signals_take(r);
}

static void show(const struct vmsync_record *r, const char *what, uint64_t done,
		 uint64_t total)
{
	if (r->progress)
		r->progress(NULL, what, done, total);
}

/* Until no guest is in @state any more, or one asked to stop @stops times. */
static void wait_while(struct vmsync_record *r, struct pollfd *pfd,
		       enum record_state state, int stops, const char *what)
{
	while (guests_in(r, state) && r->stops < stops) {
		round_once(r, pfd);
		show(r, what, r->n - guests_in(r, state), r->n);
	}
}

static void wait_fetched(struct vmsync_record *r, struct pollfd *pfd)
{
	uint64_t bytes, total;
	size_t i;

	while (guests_in(r, RECORD_FETCH) && r->stops < 2) {
		round_once(r, pfd);
		for (i = 0, bytes = total = 0; i < r->n; i++) {
			bytes += r->guest[i].fetch.bytes;
			total += r->guest[i].fetch.total;
		}
		show(r, "guests' traces come", bytes, total);
	}
}

static bool is_over(const struct vmsync_record *r)
{
	return r->stops || (r->command && !r->child) ||
	       (r->seconds && vmsync_port_now() - r->begin_ns >=
				      r->seconds * SECOND);
}

static int command_start(struct vmsync_record *r, struct ctf_error *e)
{
	if (!r->command)
		return 0;
	r->child = fork();
	if (!r->child) {
		vmsync_spawn_prepare();
		execvp(r->command[0], r->command);
		fprintf(stderr, "vmsync record: %s: %s\n", r->command[0],
			strerror(errno));
		_exit(127);
	}
	return r->child < 0 ? vmsync_fail(e, -errno, "", "fork: %s",
					  strerror(errno)) :
			      0;
}

/* --- all of it */

static int signals_open(struct vmsync_record *r, struct ctf_error *e)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	r->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return r->signals < 0 ? vmsync_fail(e, -errno, "", "signals: %s",
					    strerror(errno)) :
				0;
}

static int folders_make(struct vmsync_record *r, struct ctf_error *e)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/guests", r->output);
	if (mkdir(r->output, 0777) || mkdir(path, 0777))
		return vmsync_fail(e, -errno, errno == EEXIST ?
				   "name a folder that is not there" : "",
				   "%s: %s", r->output, strerror(errno));
	return 0;
}

bool vmsync_record_kept(const struct vmsync_record *r)
{
	return !r->ring || r->status;
}

/* The folders are empty where nothing was kept. */
static void folders_remove(const struct vmsync_record *r)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/guests", r->output);
	rmdir(path);
	rmdir(r->host.folder);
	rmdir(r->output);
}

static void fetch_begin(struct vmsync_record *r)
{
	uint64_t now_ns = vmsync_port_now();
	struct ctf_error e;
	size_t i;

	for (i = 0; i < r->n; i++) {
		struct record_guest *g = &r->guest[i];

		if (g->state != RECORD_STOPPED)
			continue;
		if (record_guest_fetch(g, VMSYNC_FETCH_BYTES, now_ns, &e))
			record_guest_fail(g, &e, now_ns);
	}
}

/* The host is recorded for longer than any guest. */
static int phases(struct vmsync_record *r, struct pollfd *pfd,
		  struct ctf_error *e)
{
	int ret;

	guests_move(r, RECORD_ASK, RECORD_ASK);
	wait_while(r, pfd, RECORD_ASK, 1, "guests' agents are asked");
	ret = r->stops ? 0 : record_host_start(&r->host, e);
	if (ret)
		return ret;
	guests_move(r, RECORD_READY, RECORD_START);
	wait_while(r, pfd, RECORD_START, 1, "guests begin");
	r->begin_ns = vmsync_port_now();
	ret = r->stops ? 0 : command_start(r, e);
	while (!ret && !is_over(r)) {
		round_once(r, pfd);
		show(r, "recording, seconds",
		     (vmsync_port_now() - r->begin_ns) / SECOND, 0);
	}
	r->end_ns = vmsync_port_now();
	if (!ret && !vmsync_record_kept(r))
		return 0;
	/* One that was about to begin has begun, or will be told to forget it. */
	guests_move(r, RECORD_ON, RECORD_STOP);
	guests_move(r, RECORD_START, RECORD_STOP);
	wait_while(r, pfd, RECORD_STOP, 2, "guests end");
	if (!ret)
		ret = record_host_take(&r->host, e);
	record_host_stop(&r->host);
	fetch_begin(r);
	wait_fetched(r, pfd);
	return ret;
}

int vmsync_record_run(struct vmsync_record *r, struct ctf_error *e)
{
	struct pollfd *pfd;
	size_t i;
	int ret;

	r->status = -1;
	record_host_init(&r->host, r->output, r->events, r->ring);
	ret = guests_find(r, e);
	if (!ret)
		ret = signals_open(r, e);
	if (!ret)
		ret = folders_make(r, e);
	pfd = calloc(r->n + 1, sizeof(*pfd));
	if (!ret && !pfd)
		ret = no_memory(e);
	if (!ret)
		ret = phases(r, pfd, e);
	record_host_stop(&r->host);
	for (i = 0; i < r->n; i++)
		record_guest_end(&r->guest[i]);
	if (!ret && !vmsync_record_kept(r))
		folders_remove(r);
	free(pfd);
	if (ret)
		return ret;
	return r->stops > 1;
}

void vmsync_record_free(struct vmsync_record *r)
{
	free(r->guest);
	free(r->vm);
}
