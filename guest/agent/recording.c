// SPDX-License-Identifier: MIT
#include "agent/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/events.h"
#include "agent/pages.h"
#include "base/run.h"
#include "port/now.h"
#include "record/tracing.h"

#define SECOND 1000000000ull
#define SESSION "vmsync-agent"

static const char *folder(const struct agent_recording *r)
{
	static char path[4096];

	snprintf(path, sizeof(path), "%s/trace", r->spool);
	return path;
}

/* Root's LTTng is found wherever its home is: ours is not touched. */
static struct vmsync_tracing tracing(const struct agent_recording *r)
{
	return (struct vmsync_tracing){
		.name = SESSION,
		.output = folder(r),
		.home = geteuid() ? NULL : r->spool,
		.events = r->events,
		.ring = r->ring,
		.full = r->full,
	};
}

static int start(const struct agent_recording *r, char *said, size_t size)
{
	struct vmsync_tracing t = tracing(r);
	int ret = 0;

	if (mkdir(r->spool, 0700) && errno != EEXIST) {
		snprintf(said, size, "%.100s: %s", r->spool, strerror(errno));
		return -1;
	}
	if (!vmsync_tracing_daemon()) {
		snprintf(said, size, "no lttng-sessiond runs in the guest");
		return -1;
	}
	/* One that is left of an agent that was killed. */
	vmsync_tracing_stop(&t);
	agent_files_remove(folder(r));
	t.said[0] = 0;
	ret = vmsync_tracing_start(&t);
	snprintf(said, size, "%s", t.said);
	return ret;
}

static int end(const struct agent_recording *r, char *said, size_t size)
{
	struct vmsync_tracing t = tracing(r);
	int ret = vmsync_tracing_stop(&t);

	snprintf(said, size, "%s", t.said);
	return ret;
}

/* End it and have its trace. */
static int stop(const struct agent_recording *r, char *said, size_t size)
{
	struct vmsync_tracing t = tracing(r);

	if (!r->ring || !vmsync_tracing_take(&t))
		return end(r, said, size);
	end(r, said, size);
	snprintf(said, size, "%s", t.said);
	return -1;
}

/* The folder of a trace, without one. */
static int pages(const struct agent_recording *r, char *said, size_t size)
{
	char path[4096 + 16];

	snprintf(path, sizeof(path), "%s/pages%d", folder(r), r->look);
	if (r->look == 1)
		agent_files_remove(folder(r));
	if ((mkdir(r->spool, 0700) && errno != EEXIST) ||
	    (mkdir(folder(r), 0700) && errno != EEXIST)) {
		snprintf(said, size, "%.100s: %s", r->spool, strerror(errno));
		return -1;
	}
	return agent_pages_look(path, said, size);
}

/* Have what the buffers hold; of an earlier snapshot nothing is left. */
static int snapshot(const struct agent_recording *r, char *said, size_t size)
{
	struct vmsync_tracing t = tracing(r);
	int ret;

	agent_files_remove(folder(r));
	ret = vmsync_tracing_take(&t);
	snprintf(said, size, "%s", t.said);
	return ret;
}

static int change(const struct agent_recording *r, char *said, size_t size)
{
	struct vmsync_tracing t = tracing(r);
	int ret = vmsync_tracing_change(&t, r->next_events);

	snprintf(said, size, "%s", t.said);
	return ret;
}

/* Have @work done by a child, whose last words come through the pipe. */
static void child_start(struct agent_recording *r, uint8_t state,
			int (*work)(const struct agent_recording *r, char *said,
				    size_t size))
{
	int ends[2], ret;
	char said[VMSYNC_PORT_TEXT_MAX + 1] = "";

	r->text[0] = 0;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK)) {
		r->state = VMSYNC_PORT_STATE_FAILED;
		return;
	}
	r->child = fork();
	if (!r->child) {
		vmsync_spawn_prepare();
		ret = work(r, said, sizeof(said));
		if (write(ends[1], said, strlen(said)) < 0)
			ret = -1;
		_exit(ret ? 1 : 0);
	}
	close(ends[1]);
	r->pipe = ends[0];
	r->state = state;
	if (r->child > 0)
		return;
	close(ends[0]);
	r->pipe = -1;
	r->child = 0;
	r->state = VMSYNC_PORT_STATE_FAILED;
}

static void wipe(struct agent_recording *r)
{
	agent_files_free(&r->files);
	agent_files_remove(folder(r));
	r->pull.length = 0;
	r->session = r->snapshot = 0;
	r->look = r->looks = 0;
	r->changing = false;
	r->forget = false;
	r->state = VMSYNC_PORT_STATE_IDLE;
	r->text[0] = 0;
}

/*
 * Find its files. Where it did not end @well, its disk being full, there may be the
 * most part of it. Return: VMSYNC_PORT_STATE_*
 */
static uint8_t written(struct agent_recording *r, bool well)
{
	int ret = agent_files_find(&r->files, folder(r));

	if (ret)
		snprintf(r->text, sizeof(r->text), "its trace: %s",
			 strerror(-ret));
	return ret  ? VMSYNC_PORT_STATE_FAILED :
	       well ? VMSYNC_PORT_STATE_STOPPED :
		      VMSYNC_PORT_STATE_CUT;
}

static void forget(struct agent_recording *r)
{
	r->forget = true;
	if (r->child)
		return;
	if (r->state == VMSYNC_PORT_STATE_RECORDING)
		child_start(r, VMSYNC_PORT_STATE_STOPPING, end);
	if (!r->child)
		wipe(r);
}

static void child_done(struct agent_recording *r, bool well)
{
	r->child = 0;
	if (r->look && well)
		r->looks = r->look;
	if (r->look && !well)
		r->state = VMSYNC_PORT_STATE_FAILED;
	else if (r->state == VMSYNC_PORT_STATE_STARTING && !r->look)
		r->state = well ? VMSYNC_PORT_STATE_RECORDING :
				  VMSYNC_PORT_STATE_FAILED;
	else if (r->changing)
		r->events = r->next_events;
	else if (r->state == VMSYNC_PORT_STATE_RECORDING)
		r->taken = written(r, well);
	else
		r->state = written(r, well);
	r->changing = false;
	if (r->forget)
		forget(r);
}

void agent_recording_child(struct agent_recording *r)
{
	size_t at = strlen(r->text);
	ssize_t n = read(r->pipe, r->text + at, sizeof(r->text) - 1 - at);
	int status = 1;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		r->text[at + (size_t)n] = 0;
		return;
	}
	close(r->pipe);
	r->pipe = -1;
	while (waitpid(r->child, &status, 0) < 0 && errno == EINTR)
		;
	child_done(r, !status);
}

/* What cannot be had of them is said, and not tried again. */
static void take_events(struct agent_recording *r,
			const struct vmsync_port_frame *frame)
{
	if (frame->type != VMSYNC_PORT_START_RING || !r->ring ||
	    r->state != VMSYNC_PORT_STATE_RECORDING || r->child ||
	    frame->events == r->events)
		return;
	r->next_events = frame->events;
	child_start(r, VMSYNC_PORT_STATE_RECORDING, change);
	r->changing = r->child;
	r->state = VMSYNC_PORT_STATE_RECORDING;
}

static void take_start(struct agent_recording *r,
		       const struct vmsync_port_frame *frame)
{
	if (r->session && frame->session == r->session)
		take_events(r, frame);
	if (r->refuse || r->session || !frame->session)
		return;
	r->session = frame->session;
	r->events = frame->events;
	r->ring = frame->type == VMSYNC_PORT_START_RING;
	r->full = false;
	child_start(r, VMSYNC_PORT_STATE_STARTING, start);
}

/* The first look is a session's beginning; what came twice is the same look. */
static void take_pages(struct agent_recording *r,
		       const struct vmsync_port_frame *frame)
{
	bool first = !r->session && frame->session && frame->look == 1;
	bool next = r->look && frame->session == r->session && !r->child &&
		    frame->look == r->looks + 1 &&
		    frame->look <= VMSYNC_PORT_LOOKS;

	if (r->refuse_pages || (!first && !next))
		return;
	r->session = frame->session;
	r->look = frame->look;
	child_start(r, VMSYNC_PORT_STATE_STARTING, pages);
}

static void snapshot_drop(struct agent_recording *r)
{
	if (!r->snapshot || r->child)
		return;
	r->snapshot = 0;
	r->pull.length = 0;
	agent_files_free(&r->files);
	agent_files_remove(folder(r));
}

static void take_snapshot(struct agent_recording *r,
			  const struct vmsync_port_frame *frame, uint64_t now_ns)
{
	if (!r->ring || r->state != VMSYNC_PORT_STATE_RECORDING || r->child ||
	    frame->snapshot == r->snapshot)
		return;
	agent_files_free(&r->files);
	r->pull.length = 0;
	r->snapshot = frame->snapshot;
	r->begun_ns = now_ns;
	tracepoint(vmsync_port, snapshot, r->session, r->snapshot, now_ns);
	r->taken = VMSYNC_PORT_STATE_STARTING;
	child_start(r, VMSYNC_PORT_STATE_RECORDING, snapshot);
	if (r->state == VMSYNC_PORT_STATE_RECORDING)
		return;
	/* No process could be had for it: the recording itself goes on. */
	r->state = VMSYNC_PORT_STATE_RECORDING;
	r->taken = VMSYNC_PORT_STATE_FAILED;
}

static bool can_be_pulled(uint8_t state)
{
	return state == VMSYNC_PORT_STATE_STOPPED ||
	       state == VMSYNC_PORT_STATE_CUT;
}

static void take_pull(struct agent_recording *r,
		      const struct vmsync_port_frame *frame)
{
	bool taken = r->state == VMSYNC_PORT_STATE_RECORDING && r->snapshot &&
		     can_be_pulled(r->taken);

	if ((taken || can_be_pulled(r->state)) &&
	    frame->length <= VMSYNC_PORT_PULL_MAX)
		r->pull = *frame;
}

uint8_t agent_recording_take(struct agent_recording *r,
			     const struct vmsync_port_frame *frame,
			     uint64_t now_ns)
{
	bool ours = r->session && frame->session == r->session;

	if (ours)
		r->heard_ns = now_ns;
	switch (frame->type) {
	case VMSYNC_PORT_ASK:
		return VMSYNC_PORT_STATE;
	case VMSYNC_PORT_START:
	case VMSYNC_PORT_START_RING:
		take_start(r, frame);
		r->heard_ns = now_ns;
		return VMSYNC_PORT_STATE;
	case VMSYNC_PORT_PAGES:
		take_pages(r, frame);
		r->heard_ns = now_ns;
		return VMSYNC_PORT_STATE;
	case VMSYNC_PORT_SNAPSHOT:
		if (ours && frame->snapshot)
			take_snapshot(r, frame, now_ns);
		else if (ours)
			snapshot_drop(r);
		return frame->snapshot ? VMSYNC_PORT_TAKEN : VMSYNC_PORT_STATE;
	case VMSYNC_PORT_STOP:
		if (ours && r->state == VMSYNC_PORT_STATE_RECORDING && !r->child)
			child_start(r, VMSYNC_PORT_STATE_STOPPING, stop);
		return VMSYNC_PORT_STATE;
	case VMSYNC_PORT_PULL:
		if (ours)
			take_pull(r, frame);
		return ours ? 0 : VMSYNC_PORT_STATE;
	case VMSYNC_PORT_FORGET:
		if (ours)
			forget(r);
		return VMSYNC_PORT_STATE;
	}
	return 0;
}

void agent_recording_state(const struct agent_recording *r, uint8_t type,
			   struct vmsync_port_frame *frame)
{
	memset(frame, 0, sizeof(*frame));
	frame->type = type;
	frame->session = r->session;
	frame->state = r->refuse && !r->look ? VMSYNC_PORT_STATE_REFUSED : r->state;
	if (type == VMSYNC_PORT_STATE)
		frame->look = r->looks;
	if (type == VMSYNC_PORT_TAKEN) {
		frame->snapshot = r->snapshot;
		frame->mono_ns = r->begun_ns;
		frame->state = r->snapshot ? r->taken : VMSYNC_PORT_STATE_IDLE;
	}
	frame->n = (uint8_t)strlen(r->text);
	memcpy(frame->data, r->text, frame->n);
}

/* One frame of it. Return: there may be more. */
static bool pulled(struct agent_recording *r, struct vmsync_port_output *out)
{
	struct vmsync_port_frame frame = {
		.type = VMSYNC_PORT_DATA,
		.session = r->session,
		.file = r->pull.file,
		.offset = r->pull.offset,
	};
	size_t want = r->pull.length < VMSYNC_PORT_DATA_MAX ?
			      r->pull.length :
			      VMSYNC_PORT_DATA_MAX;
	ssize_t n = -1;

	if (agent_files_size(&r->files, frame.file, &frame.total))
		n = agent_files_read(&r->files, frame.file, frame.offset,
				     frame.data, want);
	/* What cannot be read is shorter than it was: the host sees that. */
	frame.n = n > 0 ? (uint8_t)n : 0;
	r->pull.offset += frame.n;
	r->pull.length = frame.n ? r->pull.length - frame.n : 0;
	vmsync_port_add(out, &frame);
	return r->pull.length;
}

void agent_recording_pulled(struct agent_recording *r,
			    struct vmsync_port_output *out)
{
	if (!r->pull.length || vmsync_port_busy(out))
		return;
	while (vmsync_port_has_room(out) && pulled(r, out))
		;
}

/* A flight recorder needs no disk before its end. */
static void look(struct agent_recording *r)
{
	struct vmsync_tracing t = tracing(r);

	if (r->ring || r->state != VMSYNC_PORT_STATE_RECORDING)
		return;
	vmsync_tracing_look(&t);
	r->full = t.full;
}

void agent_recording_tick(struct agent_recording *r, uint64_t now_ns)
{
	look(r);
	if (!r->session || r->forget ||
	    now_ns - r->heard_ns < VMSYNC_PORT_PATIENCE_S * SECOND)
		return;
	fprintf(stderr, "vmsync-agent: the host asks no more: its recording is "
			"deleted\n");
	forget(r);
}

static int clean(const struct agent_recording *r, char *said, size_t size)
{
	end(r, said, size);
	agent_files_remove(folder(r));
	return 0;
}

void agent_recording_init(struct agent_recording *r)
{
	r->pipe = -1;
	if (access(folder(r), F_OK))
		return;
	r->forget = true;
	child_start(r, VMSYNC_PORT_STATE_STOPPING, clean);
}

static void child_wait(struct agent_recording *r)
{
	if (r->pipe >= 0)
		fcntl(r->pipe, F_SETFL, 0);
	while (r->child)
		agent_recording_child(r);
}

void agent_recording_end(struct agent_recording *r)
{
	child_wait(r);
	if (r->session)
		forget(r);
	child_wait(r);
}
