// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells the host and the guest module when tracers come and go.
 *
 * The tracepoints' callbacks run under the kernel's tracepoints_mutex, and
 * what a listener does (attach to KVM's tracepoints) needs that mutex: so the
 * callbacks leave a bit and queue work. They can run before this module's init
 * and after its exit, because tracers follow a module's coming and going by
 * themselves: hence everything here is statically initialized, and @stopped
 * stays set for good.
 */
#include <linux/export.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "listen.h"

static unsigned long listening;		/* BIT(VMSYNC_ON_*) */
static bool stopped;
static DEFINE_SPINLOCK(queue_lock);	/* stopped, and queueing the work */

static LIST_HEAD(listeners);
static DEFINE_MUTEX(listeners_lock);	/* the list, and calls of change() */

static void tell(struct vmsync_listener *listener)
{
	bool on = READ_ONCE(listening) & listener->events;

	if (on == listener->on)
		return;
	listener->on = on;
	listener->change(on);
}

static void tell_all(struct work_struct *work)
{
	struct vmsync_listener *listener;

	mutex_lock(&listeners_lock);
	list_for_each_entry(listener, &listeners, node)
		tell(listener);
	mutex_unlock(&listeners_lock);
}

static DECLARE_WORK(tell_work, tell_all);

static void queue_tell(void)
{
	spin_lock(&queue_lock);
	if (!stopped)
		schedule_work(&tell_work);
	spin_unlock(&queue_lock);
}

#define X(event)					\
int vmsync_##event##_reg(void)				\
{							\
	set_bit(VMSYNC_ON_##event, &listening);		\
	queue_tell();					\
	return 0;					\
}							\
							\
void vmsync_##event##_unreg(void)			\
{							\
	clear_bit(VMSYNC_ON_##event, &listening);	\
	queue_tell();					\
}
VMSYNC_LISTENABLE(X)
#undef X

void vmsync_listener_register(struct vmsync_listener *listener)
{
	mutex_lock(&listeners_lock);
	listener->on = false;
	list_add_tail(&listener->node, &listeners);
	tell(listener);
	mutex_unlock(&listeners_lock);
}
EXPORT_SYMBOL_GPL(vmsync_listener_register);

void vmsync_listener_unregister(struct vmsync_listener *listener)
{
	mutex_lock(&listeners_lock);
	list_del(&listener->node);
	if (listener->on)
		listener->change(false);
	listener->on = false;
	mutex_unlock(&listeners_lock);
}
EXPORT_SYMBOL_GPL(vmsync_listener_unregister);

void vmsync_listen_exit(void)
{
	spin_lock(&queue_lock);
	stopped = true;
	spin_unlock(&queue_lock);
	cancel_work_sync(&tell_work);
}
