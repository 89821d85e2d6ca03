// SPDX-License-Identifier: MIT
#include "record/guest.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "fuse/domain_name.h"
#include "fuse/fail.h"
#include "record/client.h"

#define SECOND 1000000000ull

/*
 * How often each state is asked for, and after how long without what it wants, or
 * without a byte of it, it is given up.
 */
static const struct {
	uint64_t again_ns;
	uint64_t patience_ns;
} times[] = {
	[RECORD_ASK] = { SECOND / 4, 3 * SECOND },
	[RECORD_READY] = { 10 * SECOND, 0 },
	[RECORD_START] = { SECOND / 2, 90 * SECOND },
	[RECORD_ON] = { SECOND, 0 },
	[RECORD_TAKE] = { SECOND / 4, 15 * SECOND },
	[RECORD_TAKEN] = { 10 * SECOND, 0 },
	[RECORD_STOP] = { SECOND / 2, 120 * SECOND },
	[RECORD_STOPPED] = { 10 * SECOND, 0 },
	[RECORD_FETCH] = { SECOND, 60 * SECOND },
};

/* Of a guest that was named an agent is expected, be the machine ever so slow. */
#define NAMED_NS (15 * SECOND)

/* An agent answers within a second, or it does not. */
#define SILENT_NS (10 * SECOND)

/* vmsyncd may be started anew, and a port be plugged in again: so long. */
#define LOST_NS (15 * SECOND)

/* A number that nobody knew before, and never 0. */
static int draw(uint32_t *number)
{
	do {
		if (getrandom(number, sizeof(*number), 0) < 0)
			return -errno;
	} while (!*number);
	return 0;
}

int record_guest_init(struct record_guest *g, const char *object)
{
	memset(g, 0, sizeof(*g));
	g->fd = g->fetch.fd = -1;
	if (!vmsync_client_field(object, "name", g->name, sizeof(g->name)) ||
	    !vmsync_client_field(object, "uuid", g->uuid, sizeof(g->uuid)) ||
	    !vmsync_client_field(object, "pid", g->pid, sizeof(g->pid)))
		return -EPROTO;
	return draw(&g->session);
}

int record_guest_renew(struct record_guest *g)
{
	g->lost_ns = g->heard_ns = g->snapshot = 0;
	g->said[0] = 0;
	g->cut = g->silent = false;
	return draw(&g->session);
}

int record_guest_take(struct record_guest *g, uint64_t now_ns)
{
	int ret = draw(&g->snapshot);

	g->begun_ns = 0;
	g->cut = false;
	if (!ret)
		record_guest_set(g, RECORD_TAKE, now_ns);
	return ret;
}

/* Beside its trace, for all who read that. A socket that was named is no domain. */
static int domain_save(const struct record_guest *g, struct ctf_error *e)
{
	struct vmsync_domain_name d = { 0 };

	if (g->uuid[0] && strlen(g->name) < sizeof(d.name) &&
	    strlen(g->uuid) < sizeof(d.uuid)) {
		strcpy(d.name, g->name);
		strcpy(d.uuid, g->uuid);
	}
	return vmsync_domain_name_save(g->folder, &d, e);
}

int record_guest_fetch(struct record_guest *g, uint64_t most, uint64_t now_ns,
		       struct ctf_error *e)
{
	int ret = vmsync_fetch_begin(&g->fetch, g->folder, most, e);

	record_guest_set(g, RECORD_FETCH, now_ns);
	return ret ? ret : domain_save(g, e);
}

void record_guest_set(struct record_guest *g, enum record_state state,
		      uint64_t now_ns)
{
	g->state = state;
	g->since_ns = now_ns;
	g->asked_ns = 0;
}

static void failed(struct record_guest *g, const char *why, uint64_t now_ns)
{
	if (why != g->said)
		snprintf(g->said, sizeof(g->said), "%.250s", why);
	record_guest_set(g, RECORD_FAILED, now_ns);
}

static bool is_same(const struct record_guest *g, const char *object)
{
	static char text[sizeof(g->name)];

	return vmsync_client_field(object, "name", text, sizeof(text)) &&
	       !strcmp(text, g->name) &&
	       vmsync_client_field(object, "uuid", text, sizeof(text)) &&
	       !strcmp(text, g->uuid);
}

/* Its object in the list; NULL: it is not there. */
static const char *find(const struct record_guest *g,
			const struct vmsync_client_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++) {
		if (is_same(g, list->guest[i]))
			return list->guest[i];
	}
	return NULL;
}

static bool has_port(const char *object)
{
	char text[8];

	return vmsync_client_field(object, "connected", text, sizeof(text)) &&
	       !strcmp(text, "true");
}

/* Numbers of guests are those of one vmsyncd: another one has others. */
static int attach(struct record_guest *g, const char *path,
		  const struct vmsync_client_list *list, struct ctf_error *e)
{
	const char *object = find(g, list);
	char serial[32];

	if (!object || !vmsync_client_field(object, "serial", serial,
					    sizeof(serial)))
		return vmsync_fail(e, -ENOENT, "has it ended?",
				   "vmsyncd knows it no more");
	if (!has_port(object))
		return vmsync_fail(e, -ENOTCONN, "is there one?",
				   "vmsyncd is not connected to its port");
	g->fd = vmsync_client_attach(path, strtoull(serial, NULL, 10), e);
	return g->fd < 0 ? g->fd : 0;
}

static void say(struct record_guest *g, const struct ctf_error *e)
{
	snprintf(g->said, sizeof(g->said), "%.180s%s%.70s", e->msg,
		 e->remedy[0] ? "; " : "", e->remedy);
}

void record_guest_fail(struct record_guest *g, const struct ctf_error *e,
		       uint64_t now_ns)
{
	say(g, e);
	record_guest_set(g, RECORD_FAILED, now_ns);
}

static void connect_to(struct record_guest *g, const char *path, uint64_t now_ns)
{
	struct vmsync_client_list list;
	struct ctf_error e;
	int ret = vmsync_client_list(path, &list, &e);

	if (!ret) {
		ret = attach(g, path, &list, &e);
		vmsync_client_free(&list);
	}
	if (!ret) {
		g->lost_ns = 0;
		g->said[0] = 0;
		return;
	}
	if (!g->lost_ns)
		g->lost_ns = now_ns;
	say(g, &e);
}

static bool request(struct record_guest *g, struct vmsync_port_frame *frame)
{
	static const uint8_t types[] = {
		[RECORD_ASK] = VMSYNC_PORT_ASK,
		[RECORD_READY] = VMSYNC_PORT_ASK,
		[RECORD_START] = VMSYNC_PORT_START,
		[RECORD_ON] = VMSYNC_PORT_ASK,
		[RECORD_TAKE] = VMSYNC_PORT_SNAPSHOT,
		[RECORD_TAKEN] = VMSYNC_PORT_ASK,
		[RECORD_STOP] = VMSYNC_PORT_STOP,
		[RECORD_STOPPED] = VMSYNC_PORT_ASK,
	};

	if (g->state > RECORD_FETCH)
		return false;
	memset(frame, 0, sizeof(*frame));
	if (g->state == RECORD_FETCH) {
		vmsync_fetch_next(&g->fetch, frame);
	} else {
		frame->type = types[g->state];
	}
	if (g->state == RECORD_START) {
		frame->events = g->events;
		if (g->ring)
			frame->type = VMSYNC_PORT_START_RING;
	}
	if (g->state == RECORD_TAKE) {
		frame->snapshot = g->snapshot;
	} else if (g->state == RECORD_ON && g->freezes) {
		/* Snapshot 0: what was fetched need not be kept there. */
		frame->type = VMSYNC_PORT_SNAPSHOT;
	}
	frame->session = g->session;
	return true;
}

static void tell(struct record_guest *g, const struct vmsync_port_frame *frame)
{
	if (g->fd >= 0 && vmsync_client_send(g->fd, frame) == -EPIPE) {
		close(g->fd);
		g->fd = -1;
	}
}

static void ask(struct record_guest *g, uint64_t now_ns)
{
	struct vmsync_port_frame frame;

	g->asked_ns = now_ns;
	if (request(g, &frame))
		tell(g, &frame);
	/* Its events may be others by now. */
	frame.type = VMSYNC_PORT_START_RING;
	frame.events = g->events;
	if (g->state == RECORD_ON && g->freezes)
		tell(g, &frame);
}

static void give_up(struct record_guest *g, uint64_t now_ns)
{
	static const char *const why[] = {
		[RECORD_START] = "its agent does not say that it records",
		[RECORD_TAKE] = "its agent takes no snapshot; is it as new as vmsyncd?",
		[RECORD_STOP] = "its agent does not end its recording",
		[RECORD_FETCH] = "its agent sends no more of its trace",
	};

	if (g->state == RECORD_ASK)
		record_guest_set(g, RECORD_NONE, now_ns);
	else
		failed(g, g->lost_ns ? g->said : why[g->state], now_ns);
}

static uint64_t patience_ns(const struct record_guest *g)
{
	return g->state == RECORD_ASK && g->named ? NAMED_NS :
						    times[g->state].patience_ns;
}

/* Whoever is waited for has had the time for it, or is not to be reached. */
static bool is_in_vain(const struct record_guest *g, uint64_t now_ns)
{
	return patience_ns(g) &&
	       (now_ns - g->since_ns >= patience_ns(g) ||
		(g->lost_ns && now_ns - g->lost_ns >= LOST_NS));
}

void record_guest_tick(struct record_guest *g, const char *path, uint64_t now_ns)
{
	uint64_t asked_ns = g->asked_ns;

	if (g->state > RECORD_FETCH)
		return;
	/* While bytes come a trace may be as long as it is, and nothing is lost. */
	if (g->state == RECORD_FETCH && g->moved_ns > g->since_ns)
		g->since_ns = g->moved_ns;
	if (g->state == RECORD_FETCH && asked_ns && g->moved_ns > asked_ns)
		asked_ns = g->moved_ns;
	if (is_in_vain(g, now_ns)) {
		give_up(g, now_ns);
		return;
	}
	g->silent = g->state == RECORD_ON && now_ns - g->heard_ns >= SILENT_NS;
	if (asked_ns && now_ns - asked_ns < times[g->state].again_ns)
		return;
	if (g->fd < 0)
		connect_to(g, path, now_ns);
	ask(g, now_ns);
}

/* There may be a next one: the recording goes on. */
static void no_snapshot(struct record_guest *g, uint64_t now_ns)
{
	g->snapshot = 0;
	record_guest_set(g, RECORD_ON, now_ns);
}

/* LTTng writes the metadata last: of one that is cut there may be none. */
static void fetched(struct record_guest *g, uint64_t now_ns)
{
	bool is_trace = !g->cut || vmsync_fetch_is_trace(&g->fetch);

	vmsync_fetch_end(&g->fetch);
	if (g->snapshot && !is_trace)
		no_snapshot(g, now_ns);
	else if (is_trace)
		record_guest_set(g, g->snapshot ? RECORD_ON : RECORD_DONE, now_ns);
	else
		failed(g, g->said, now_ns);
}

static void hear_data(struct record_guest *g,
		      const struct vmsync_port_frame *frame, uint64_t now_ns)
{
	uint64_t before = g->fetch.offset;
	struct ctf_error e;
	int ret;

	if (g->state != RECORD_FETCH || frame->session != g->session)
		return;
	ret = vmsync_fetch_take(&g->fetch, frame, &e);
	if (ret < 0) {
		vmsync_fetch_end(&g->fetch);
		record_guest_fail(g, &e, now_ns);
	} else if (g->fetch.done) {
		fetched(g, now_ns);
	} else if (ret) {
		ask(g, now_ns);
	}
	if (g->fetch.offset != before)
		g->moved_ns = now_ns;
}

static void remember(struct record_guest *g,
		     const struct vmsync_port_frame *frame)
{
	size_t i;

	snprintf(g->said, sizeof(g->said), "%.*s", frame->n,
		 (const char *)frame->data);
	/* A guest's words go to a terminal. */
	for (i = 0; g->said[i]; i++) {
		if (g->said[i] < 0x20 || g->said[i] == 0x7f)
			g->said[i] = '?';
	}
}

/* The recording is another one's, or nobody's, where it should be ours. */
static void not_ours(struct record_guest *g,
		     const struct vmsync_port_frame *frame, uint64_t now_ns)
{
	if (frame->state == VMSYNC_PORT_STATE_REFUSED)
		failed(g, "its agent is configured not to record", now_ns);
	else if (g->state != RECORD_START)
		failed(g, "its recording is gone: was it, or its agent, started "
			  "anew?", now_ns);
	else if (now_ns - g->since_ns >= 5 * SECOND && frame->session)
		failed(g, "its agent records for somebody else", now_ns);
}

static void hear_state(struct record_guest *g,
		       const struct vmsync_port_frame *frame, uint64_t now_ns)
{
	if (g->state == RECORD_ASK) {
		record_guest_set(g, RECORD_READY, now_ns);
		return;
	}
	if (g->state == RECORD_READY || g->state > RECORD_FETCH)
		return;
	if (frame->session != g->session) {
		not_ours(g, frame, now_ns);
		return;
	}
	if (frame->n)
		remember(g, frame);
	if (frame->state == VMSYNC_PORT_STATE_FAILED)
		failed(g, frame->n ? g->said : "its agent cannot record", now_ns);
	else if (g->state == RECORD_START &&
		 frame->state == VMSYNC_PORT_STATE_RECORDING)
		record_guest_set(g, RECORD_ON, now_ns);
	else if (g->state == RECORD_STOP &&
		 (frame->state == VMSYNC_PORT_STATE_STOPPED ||
		  frame->state == VMSYNC_PORT_STATE_CUT)) {
		g->cut = frame->state == VMSYNC_PORT_STATE_CUT;
		record_guest_set(g, RECORD_STOPPED, now_ns);
	}
}

static void hear_taken(struct record_guest *g,
		       const struct vmsync_port_frame *frame, uint64_t now_ns)
{
	if (g->state != RECORD_TAKE)
		return;
	if (frame->session != g->session) {
		not_ours(g, frame, now_ns);
		return;
	}
	if (frame->snapshot != g->snapshot)
		return;
	g->begun_ns = frame->mono_ns;
	if (frame->n)
		remember(g, frame);
	/* While it says that it writes it is waited for, by whoever has the time. */
	if (frame->state == VMSYNC_PORT_STATE_STARTING) {
		g->since_ns = now_ns;
	} else if (frame->state == VMSYNC_PORT_STATE_FAILED) {
		no_snapshot(g, now_ns);
	} else if (frame->state == VMSYNC_PORT_STATE_STOPPED ||
		   frame->state == VMSYNC_PORT_STATE_CUT) {
		g->cut = frame->state == VMSYNC_PORT_STATE_CUT;
		record_guest_set(g, RECORD_TAKEN, now_ns);
	}
}

void record_guest_hear(struct record_guest *g, uint64_t now_ns)
{
	struct vmsync_port_frame frame;
	int ret = 0;

	while (g->fd >= 0 && !(ret = vmsync_client_take(g->fd, &frame))) {
		g->heard_ns = now_ns;
		if (frame.type == VMSYNC_PORT_STATE)
			hear_state(g, &frame, now_ns);
		else if (frame.type == VMSYNC_PORT_DATA)
			hear_data(g, &frame, now_ns);
		else if (frame.type == VMSYNC_PORT_TAKEN)
			hear_taken(g, &frame, now_ns);
	}
	if (g->fd >= 0 && ret != -EAGAIN) {
		close(g->fd);
		g->fd = -1;
	}
}

/* vmsyncd has the recording forgotten where we are gone. */
void record_guest_end(struct record_guest *g)
{
	vmsync_fetch_end(&g->fetch);
	if (g->fd >= 0)
		close(g->fd);
	g->fd = -1;
}

bool record_guest_is_wanted(const struct record_guest *g, const char *const *vm,
			    size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (vmsync_client_called(g->name, g->uuid, vm[i]))
			return true;
	}
	return !n;
}
