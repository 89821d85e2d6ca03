/* SPDX-License-Identifier: MIT */
/* What a service of OpenStack tells: log, notifications, osprofiler's spans. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER vmsync_cloud

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "./cloud-tp.h"

#if !defined(VMSYNC_CLOUD_TP_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define VMSYNC_CLOUD_TP_H

#include <lttng/tracepoint.h>
#include <stdint.h>

LTTNG_UST_TRACEPOINT_EVENT(
	vmsync_cloud, log,
	LTTNG_UST_TP_ARGS(const char *, service, const char *, logger,
			  uint8_t, level, const char *, request_id,
			  const char *, global_request_id, const char *,
			  resource, const char *, text),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_string(service, service)
		lttng_ust_field_string(logger, logger)
		lttng_ust_field_integer(uint8_t, level, level)
		lttng_ust_field_string(request_id, request_id)
		lttng_ust_field_string(global_request_id, global_request_id)
		lttng_ust_field_string(resource, resource)
		lttng_ust_field_string(text, text)))

LTTNG_UST_TRACEPOINT_EVENT(
	vmsync_cloud, notification,
	LTTNG_UST_TP_ARGS(const char *, publisher, const char *, event_type,
			  const char *, request_id, const char *,
			  global_request_id, const char *, resource,
			  const char *, host, const char *, state,
			  const char *, task, const char *, json),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_string(publisher, publisher)
		lttng_ust_field_string(event_type, event_type)
		lttng_ust_field_string(request_id, request_id)
		lttng_ust_field_string(global_request_id, global_request_id)
		lttng_ust_field_string(resource, resource)
		lttng_ust_field_string(host, host)
		lttng_ust_field_string(state, state)
		lttng_ust_field_string(task, task)
		lttng_ust_field_string(json, json)))

LTTNG_UST_TRACEPOINT_EVENT(
	vmsync_cloud, span,
	LTTNG_UST_TP_ARGS(const char *, service, const char *, name,
			  const char *, base_id, const char *, parent_id,
			  const char *, trace_id, const char *, request_id,
			  const char *, json),
	LTTNG_UST_TP_FIELDS(
		lttng_ust_field_string(service, service)
		lttng_ust_field_string(name, name)
		lttng_ust_field_string(base_id, base_id)
		lttng_ust_field_string(parent_id, parent_id)
		lttng_ust_field_string(trace_id, trace_id)
		lttng_ust_field_string(request_id, request_id)
		lttng_ust_field_string(json, json)))

#endif /* VMSYNC_CLOUD_TP_H */

#include <lttng/tracepoint-event.h>
