// SPDX-License-Identifier: MIT
/*
 * What vmsync_openstack.py calls: LTTng-UST's tracepoints, and its hooks of fork(). No
 * argument is NULL.
 */
#include <signal.h>
#include <stdbool.h>

#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "cloud-tp.h"

#include <lttng/ust-fork.h>

bool vmsync_cloud_log_enabled(void)
{
	return lttng_ust_tracepoint_enabled(vmsync_cloud, log);
}

bool vmsync_cloud_notification_enabled(void)
{
	return lttng_ust_tracepoint_enabled(vmsync_cloud, notification);
}

bool vmsync_cloud_span_enabled(void)
{
	return lttng_ust_tracepoint_enabled(vmsync_cloud, span);
}

void vmsync_cloud_log(const char *service, const char *logger, int level,
		      const char *request_id, const char *global_request_id,
		      const char *resource, const char *text)
{
	lttng_ust_tracepoint(vmsync_cloud, log, service, logger, (uint8_t)level,
			     request_id, global_request_id, resource, text);
}

void vmsync_cloud_notification(const char *publisher, const char *event_type,
			       const char *request_id,
			       const char *global_request_id,
			       const char *resource, const char *host,
			       const char *state, const char *task,
			       const char *json)
{
	lttng_ust_tracepoint(vmsync_cloud, notification, publisher, event_type,
			     request_id, global_request_id, resource, host,
			     state, task, json);
}

void vmsync_cloud_span(const char *service, const char *name,
		       const char *base_id, const char *parent_id,
		       const char *trace_id, const char *request_id,
		       const char *json)
{
	lttng_ust_tracepoint(vmsync_cloud, span, service, name, base_id,
			     parent_id, trace_id, request_id, json);
}

/*
 * Without these a worker that is forked is never seen by a session daemon. The library
 * of LTTng that does so for any program has to be preloaded, and programs that a service
 * runs would inherit that.
 */
static sigset_t signals;

void vmsync_cloud_before_fork(void)
{
	lttng_ust_before_fork(&signals);
}

void vmsync_cloud_after_fork_parent(void)
{
	lttng_ust_after_fork_parent(&signals);
}

void vmsync_cloud_after_fork_child(void)
{
	lttng_ust_after_fork_child(&signals);
}
