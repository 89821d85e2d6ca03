/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who listens: the host and the guest module work only while a tracer listens
 * to one of their events. The tracepoints call vmsync_*_reg() when the first
 * probe comes and vmsync_*_unreg() when the last one has gone.
 */
#ifndef _VMSYNC_LISTEN_H
#define _VMSYNC_LISTEN_H

#include <linux/bits.h>
#include <linux/list.h>
#include <linux/types.h>

#define VMSYNC_LISTENABLE(X)	\
	X(gh_guest)		\
	X(gh_host)		\
	X(hg_host)		\
	X(hg_guest)		\
	X(tsc)			\
	X(pvclock)		\
	X(vm)			\
	X(drop)			\
	X(slow)

#define X(event) VMSYNC_ON_##event,
enum vmsync_on { VMSYNC_LISTENABLE(X) };
#undef X

#define X(event)			\
	int vmsync_##event##_reg(void);	\
	void vmsync_##event##_unreg(void);
VMSYNC_LISTENABLE(X)
#undef X

/**
 * struct vmsync_listener - somebody who works only for tracers
 * @node: ours
 * @events: BIT(VMSYNC_ON_*) of the events that are worth working for
 * @change: told when a tracer begins (true) and when none is left (false).
 *	May sleep; calls never overlap. May not register listeners. A tracer may
 *	not hear what is emitted in the first moments after "begins": the
 *	tracepoint is switched on only after this was queued.
 * @on: ours: what @change was told last
 */
struct vmsync_listener {
	struct list_head node;
	unsigned long events;
	void (*change)(bool on);
	bool on;
};

/**
 * vmsync_listener_register() - begin to be told about tracers
 * @listener: owned by the caller, until it is unregistered
 *
 * Calls @listener->change(true) at once where a tracer listens already.
 * May sleep.
 */
void vmsync_listener_register(struct vmsync_listener *listener);

/**
 * vmsync_listener_unregister() - no longer be told
 * @listener: as registered
 *
 * Calls @listener->change(false) if the last call was change(true); after that
 * it is never called again. May sleep.
 */
void vmsync_listener_unregister(struct vmsync_listener *listener);

/* For core.c: after this, tracers may come and go, and nothing is queued. */
void vmsync_listen_exit(void);

#endif /* _VMSYNC_LISTEN_H */
