// SPDX-License-Identifier: MIT
#include "freeze/recorder.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "freeze/folder.h"
#include "freeze/freeze.h"
#include "freeze/guests.h"
#include "freeze/verbs.h"
#include "fuse/fail.h"
#include "port/now.h"
#include "port/signals.h"

/* Agents are asked once a second; while a freeze goes on, more often. */
#define ROUND_MS 500
#define BUSY_MS	 20

/* Messages that are read before all others have their turn. */
#define IN_ROUND 64

enum { SIGNALS, ASKS, JOB, DETAIL, GUESTS };

/* What a recorder that was killed left of the host's snapshot is no part of the next. */
static int set_aside(const struct freeze_recorder *r, struct ctf_error *e)
{
	char path[4300];

	snprintf(path, sizeof(path), "%.4000s/unfinished-%llu", r->output,
		 (unsigned long long)vmsync_port_now());
	if (!rename(r->host.folder, path) || errno == ENOENT)
		return 0;
	return vmsync_fail_file(e, -errno, r->host.folder);
}

static int begin(struct freeze_recorder *r, struct ctf_error *e)
{
	uint64_t now_ns = vmsync_port_now();
	int ret;

	if (mkdir(r->output, 0777) && errno != EEXIST)
		return vmsync_fail_file(e, -errno, r->output);
	freeze_budget_init(&r->budget);
	r->last_number = freeze_folder_earlier(r->output, &r->budget, now_ns);
	r->budget.used_bytes = freeze_folder_bytes(r->output);
	record_host_init(&r->host, r->output, r->events, true);
	/* What is there may be of a recorder that runs: nothing is touched before this is the one. */
	r->fd = vmsync_client_recorder(r->control, e);
	if (r->fd < 0)
		return r->fd;
	r->is_only = true;
	ret = set_aside(r, e);
	if (!ret)
		ret = freeze_audit_open(&r->audit, r->output, e);
	if (ret)
		return ret;
	r->signals = vmsync_port_signals();
	if (r->signals < 0)
		return vmsync_fail(e, -errno, "", "signals: %s", strerror(errno));
	return record_host_start(&r->host, e);
}

static void end(struct freeze_recorder *r)
{
	freeze_job_kill(&r->job);
	freeze_detail_end(r);
	freeze_guests_end(r);
	record_host_stop(&r->host);
	/* LTTng made it, and wrote nothing there. */
	if (r->is_only)
		rmdir(r->host.folder);
	freeze_audit_close(&r->audit);
	if (r->fd >= 0)
		close(r->fd);
	if (r->signals >= 0)
		close(r->signals);
}

static void hear(struct freeze_recorder *r)
{
	char text[2 * FREEZE_TEXT + 64];
	ssize_t n = 0;
	int i;

	for (i = 0; r->fd >= 0 && i < IN_ROUND; i++) {
		n = recv(r->fd, text, sizeof(text) - 1, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			close(r->fd);
			r->fd = -1;
			/* Another vmsyncd counts from 1 again. */
			r->now.ask = 0;
			fputs("vmsync record: vmsyncd is gone; it is tried again\n",
			      stderr);
			return;
		}
		text[n] = 0;
		freeze_verb(r, text, vmsync_port_now());
	}
}

/* vmsyncd may be started anew. */
static void dial(struct freeze_recorder *r)
{
	struct ctf_error e;
	int fd;

	if (r->fd >= 0)
		return;
	fd = vmsync_client_recorder(r->control, &e);
	r->fd = fd < 0 ? -1 : fd;
}

static struct pollfd *prepare(struct freeze_recorder *r, struct pollfd *old)
{
	struct pollfd *pfd = realloc(old, (GUESTS + r->n) * sizeof(*pfd));
	size_t i;

	if (!pfd)
		return NULL;
	pfd[SIGNALS] = (struct pollfd){ .fd = r->signals, .events = POLLIN };
	pfd[ASKS] = (struct pollfd){ .fd = r->fd, .events = POLLIN };
	pfd[JOB] = (struct pollfd){ .fd = r->job.pipe, .events = POLLIN };
	pfd[DETAIL] = (struct pollfd){ .fd = r->detail.job.pipe,
				       .events = POLLIN };
	for (i = 0; i < r->n; i++)
		pfd[GUESTS + i] = (struct pollfd){ .fd = r->guest[i]->g.fd,
						   .events = POLLIN };
	return pfd;
}

/* Return: false once a signal came. */
static bool round_once(struct freeze_recorder *r, struct pollfd *pfd)
{
	uint64_t now_ns;
	size_t i;

	poll(pfd, GUESTS + r->n, r->now.phase == FREEZE_IDLE ? ROUND_MS : BUSY_MS);
	if (pfd[SIGNALS].revents)
		return false;
	/* A freeze that is asked for begins before anything else is done. */
	hear(r);
	now_ns = vmsync_port_now();
	for (i = 0; i < r->n; i++)
		record_guest_hear(&r->guest[i]->g, now_ns);
	freeze_tick(r, now_ns);
	freeze_detail_tick(r, now_ns);
	freeze_audit_tick(&r->audit, now_ns);
	return true;
}

int freeze_recorder_run(struct freeze_recorder *r, struct ctf_error *e)
{
	struct pollfd *pfd = NULL, *more;
	int ret;

	r->fd = r->signals = -1;
	if (freeze_job_init(&r->job) || freeze_detail_init(r))
		ret = vmsync_fail_memory(e);
	else
		ret = begin(r, e);
	if (!ret)
		fprintf(stderr, "vmsync record: flight recorders are kept; vmsync "
			"freeze has them written to %s\n", r->output);
	while (!ret) {
		uint64_t now_ns = vmsync_port_now();

		if (r->now.phase == FREEZE_IDLE) {
			dial(r);
			freeze_guests_look(r, now_ns);
		}
		freeze_guests_tick(r, now_ns);
		more = prepare(r, pfd);
		if (!more)
			ret = vmsync_fail_memory(e);
		pfd = more ? more : pfd;
		if (more && !round_once(r, pfd))
			break;
	}
	end(r);
	freeze_job_free(&r->job);
	free(pfd);
	return ret;
}
