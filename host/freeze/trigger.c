// SPDX-License-Identifier: MIT
#include "freeze/trigger.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "freeze/library.h"
#include "fuse/fail.h"

#ifdef VMSYNC_LTTNG_CTL
#include <lttng/lttng.h>

#define FUNCTIONS(F)								\
	F(lttng_action_get_type) F(lttng_action_list_get_at_index)		\
	F(lttng_action_list_get_count)						\
	F(lttng_evaluation_event_rule_matches_get_captured_values)		\
	F(lttng_evaluation_get_type)						\
	F(lttng_event_field_value_array_get_element_at_index)			\
	F(lttng_event_field_value_array_get_length)				\
	F(lttng_event_field_value_get_type)					\
	F(lttng_event_field_value_signed_int_get_value)				\
	F(lttng_event_field_value_string_get_value)				\
	F(lttng_event_field_value_unsigned_int_get_value)			\
	F(lttng_list_triggers) F(lttng_notification_channel_create)		\
	F(lttng_notification_channel_destroy)					\
	F(lttng_notification_channel_get_next_notification)			\
	F(lttng_notification_channel_subscribe)					\
	F(lttng_notification_destroy) F(lttng_notification_get_evaluation)	\
	F(lttng_session_daemon_notification_endpoint) F(lttng_strerror)		\
	F(lttng_trigger_get_const_action)					\
	F(lttng_trigger_get_const_condition) F(lttng_trigger_get_name)		\
	F(lttng_triggers_destroy) F(lttng_triggers_get_at_index)		\
	F(lttng_triggers_get_count)

static struct {
	FUNCTIONS(LIBRARY_POINTER)
} lib;

static const char *const names[] = { FUNCTIONS(LIBRARY_NAME) NULL };

struct freeze_trigger {
	struct lttng_notification_channel *channel;
};

static bool notifies(const struct lttng_action *action)
{
	unsigned int i, n = 0;

	if (lib.lttng_action_get_type(action) == LTTNG_ACTION_TYPE_NOTIFY)
		return true;
	if (lib.lttng_action_get_type(action) != LTTNG_ACTION_TYPE_LIST)
		return false;
	lib.lttng_action_list_get_count(action, &n);
	for (i = 0; i < n; i++) {
		if (notifies(lib.lttng_action_list_get_at_index(action, i)))
			return true;
	}
	return false;
}

static const struct lttng_trigger *find(const struct lttng_triggers *all,
					const char *name)
{
	unsigned int i, n = 0;

	lib.lttng_triggers_get_count(all, &n);
	for (i = 0; i < n; i++) {
		const struct lttng_trigger *t = lib.lttng_triggers_get_at_index(all, i);
		const char *is;

		if (lib.lttng_trigger_get_name(t, &is) == LTTNG_TRIGGER_STATUS_OK &&
		    !strcmp(is, name))
			return t;
	}
	return NULL;
}

static int subscribe(struct freeze_trigger *t, const struct lttng_trigger *to,
		     const char *name, struct ctf_error *e)
{
	if (!to)
		return vmsync_fail(e, -ENOENT, "lttng list-triggers lists them",
				   "LTTng has no trigger %s", name);
	if (!notifies(lib.lttng_trigger_get_const_action(to)))
		return vmsync_fail(e, -EINVAL, "make it with --action=notify",
				   "LTTng's trigger %s does not notify", name);
	t->channel = lib.lttng_notification_channel_create(
		*lib.lttng_session_daemon_notification_endpoint);
	if (!t->channel ||
	    lib.lttng_notification_channel_subscribe(
		    t->channel, lib.lttng_trigger_get_const_condition(to)) !=
		    LTTNG_NOTIFICATION_CHANNEL_STATUS_OK)
		return vmsync_fail(e, -EIO, "", "LTTng's trigger %s cannot be "
				   "listened to", name);
	return 0;
}

struct freeze_trigger *freeze_trigger_open(const char *name, struct ctf_error *e)
{
	struct freeze_trigger *t;
	struct lttng_triggers *all = NULL;
	enum lttng_error_code code;
	int ret;

	if (library_load(VMSYNC_LTTNG_CTL, names, &lib, e))
		return NULL;
	t = calloc(1, sizeof(*t));
	code = lib.lttng_list_triggers(&all);
	if (!t)
		ret = vmsync_fail_memory(e);
	else if (code != LTTNG_OK)
		ret = vmsync_fail(e, -ENOTCONN, "does lttng-sessiond run?",
				  "LTTng's triggers: %s", lib.lttng_strerror(-code));
	else
		ret = subscribe(t, find(all, name), name, e);
	lib.lttng_triggers_destroy(all);
	if (!ret)
		return t;
	freeze_trigger_close(t);
	return NULL;
}

static int print_value(char *out, size_t size,
		       const struct lttng_event_field_value *v)
{
	const char *text;
	uint64_t u;
	int64_t s;

	switch (lib.lttng_event_field_value_get_type(v)) {
	case LTTNG_EVENT_FIELD_VALUE_TYPE_UNSIGNED_INT:
	case LTTNG_EVENT_FIELD_VALUE_TYPE_UNSIGNED_ENUM:
		lib.lttng_event_field_value_unsigned_int_get_value(v, &u);
		return snprintf(out, size, " %" PRIu64, u);
	case LTTNG_EVENT_FIELD_VALUE_TYPE_SIGNED_INT:
	case LTTNG_EVENT_FIELD_VALUE_TYPE_SIGNED_ENUM:
		lib.lttng_event_field_value_signed_int_get_value(v, &s);
		return snprintf(out, size, " %" PRId64, s);
	case LTTNG_EVENT_FIELD_VALUE_TYPE_STRING:
		lib.lttng_event_field_value_string_get_value(v, &text);
		return snprintf(out, size, " %.64s", text);
	default:
		return snprintf(out, size, " ?");
	}
}

static void print_captured(char *out, size_t size,
			   const struct lttng_notification *n)
{
	const struct lttng_evaluation *e = lib.lttng_notification_get_evaluation(
		(struct lttng_notification *)n);
	const struct lttng_event_field_value *all, *v;
	unsigned int i, count = 0;
	size_t at = 0;

	out[0] = 0;
	if (lib.lttng_evaluation_get_type(e) !=
		    LTTNG_CONDITION_TYPE_EVENT_RULE_MATCHES ||
	    lib.lttng_evaluation_event_rule_matches_get_captured_values(e, &all) !=
		    LTTNG_EVALUATION_EVENT_RULE_MATCHES_STATUS_OK)
		return;
	lib.lttng_event_field_value_array_get_length(all, &count);
	for (i = 0; i < count && at < size; i++) {
		if (lib.lttng_event_field_value_array_get_element_at_index(
			    all, i, &v) != LTTNG_EVENT_FIELD_VALUE_STATUS_OK)
			continue;
		at += (size_t)print_value(out + at, size - at, v);
	}
}

int freeze_trigger_wait(struct freeze_trigger *t, char *what, size_t size,
			struct ctf_error *e)
{
	struct lttng_notification *n = NULL;

	for (;;) {
		switch (lib.lttng_notification_channel_get_next_notification(
			t->channel, &n)) {
		case LTTNG_NOTIFICATION_CHANNEL_STATUS_OK:
			print_captured(what, size, n);
			lib.lttng_notification_destroy(n);
			return 0;
		/* So many came that some are lost: at least one did. */
		case LTTNG_NOTIFICATION_CHANNEL_STATUS_NOTIFICATIONS_DROPPED:
			what[0] = 0;
			return 0;
		case LTTNG_NOTIFICATION_CHANNEL_STATUS_INTERRUPTED:
			continue;
		default:
			return vmsync_fail(e, -ECONNRESET,
					   "was lttng-sessiond ended?",
					   "LTTng notifies no more");
		}
	}
}

void freeze_trigger_close(struct freeze_trigger *t)
{
	if (!t)
		return;
	lib.lttng_notification_channel_destroy(t->channel);
	free(t);
}

#else

struct freeze_trigger *freeze_trigger_open(const char *name, struct ctf_error *e)
{
	vmsync_fail(e, -ENOSYS, "install liblttng-ctl-dev and build it again",
		    "%s: vmsync was built without LTTng's triggers", name);
	return NULL;
}

int freeze_trigger_wait(struct freeze_trigger *t, char *what, size_t size,
			struct ctf_error *e)
{
	(void)t;
	(void)what;
	(void)size;
	return vmsync_fail(e, -ENOSYS, "", "no trigger");
}

void freeze_trigger_close(struct freeze_trigger *t)
{
	(void)t;
}

#endif /* VMSYNC_LTTNG_CTL */
