/* SPDX-License-Identifier: MIT */
/*
 * One session of LTTng, on a host or in a guest: what both record, and how.
 */
#ifndef VMSYNC_RECORD_TRACING_H
#define VMSYNC_RECORD_TRACING_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct vmsync_tracing - a session
 * @name:	of the session
 * @output:	folder of its trace
 * @home:	where lttng may leave what it remembers, or NULL: the user's own
 * @events:	VMSYNC_PORT_EVENTS_*
 * @host:	or a guest
 * @ring:	write nothing by itself: the buffers keep the latest events, which
 *		vmsync_tracing_take() writes
 * @most:	bytes that vmsync_tracing_take() may write, 0: as many as there are
 * @kernel, @ust: filled in: what is recorded
 * @full:	filled in: its disk was full at some time, and LTTng writes no more of
 *		a channel that it once could not write
 * @said:	filled in: why it failed, or what is not recorded; "": nothing lacks
 */
struct vmsync_tracing {
	const char *name;
	const char *output;
	const char *home;
	uint8_t events;
	bool host;
	bool ring;
	uint64_t most;
	bool kernel;
	bool ust;
	bool full;
	char said[200];
};

/** vmsync_tracing_daemon() - is a session daemon there for us? */
bool vmsync_tracing_daemon(void);

/** vmsync_tracing_start() - make the session and start it; 0, or -1 and @said */
int vmsync_tracing_start(struct vmsync_tracing *t);

/**
 * vmsync_tracing_change() - have a @ring record another set of events from now on
 * Return: 0, or -1 and @said: what of it is not recorded, or still is.
 */
int vmsync_tracing_change(struct vmsync_tracing *t, uint8_t events);

/** vmsync_tracing_look() - while it goes on: is its disk full? */
void vmsync_tracing_look(struct vmsync_tracing *t);

/** vmsync_tracing_take() - write what a @ring's buffers hold; 0, or -1 and @said */
int vmsync_tracing_take(struct vmsync_tracing *t);

/**
 * vmsync_tracing_stop() - stop and end it
 * Return: 0, its trace being whole, or -1 and @said: it may lack something.
 */
int vmsync_tracing_stop(struct vmsync_tracing *t);

/** vmsync_tracing_events() - the number of a set of events, -1: none is called so */
int vmsync_tracing_events(const char *name);

/** vmsync_tracing_events_name() - its name */
const char *vmsync_tracing_events_name(uint8_t events);

#endif /* VMSYNC_RECORD_TRACING_H */
