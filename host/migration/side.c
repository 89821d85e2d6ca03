// SPDX-License-Identifier: MIT
#include "migration/side.h"

#include <errno.h>
#include <string.h>

static struct migration_side *side_new(struct migration_reader *r, int64_t ns)
{
	struct migration_side *s = vmsync_array_add(r->sides);

	if (!s)
		return NULL;
	*s = (struct migration_side){
		.process = r->process,
		.begin_ns = ns,
		.end_ns = ns,
		.stop_ns = MIGRATION_NEVER,
		.stopped_ns = MIGRATION_NEVER,
		.run_ns = MIGRATION_NEVER,
	};
	r->open = r->sides->count;
	return s;
}

static struct migration_side *side_open(const struct migration_reader *r)
{
	return r->open ? &r->sides->at[r->open - 1] : NULL;
}

/* The one that an event belongs to which is within a migration. */
static struct migration_side *side_within(struct migration_reader *r, int64_t ns)
{
	struct migration_side *s = side_open(r);

	return s && s->result == MIGRATION_OPEN ? s : side_new(r, ns);
}

static enum migration_result result_of(const char *state)
{
	if (!strcmp(state, "completed"))
		return MIGRATION_COMPLETED;
	if (!strcmp(state, "cancelled"))
		return MIGRATION_CANCELLED;
	return !strcmp(state, "failed") ? MIGRATION_FAILED : MIGRATION_OPEN;
}

static int state_take(struct migration_reader *r,
		      const struct migration_told *told)
{
	struct migration_side *s = side_open(r);
	bool is_setup = !strcmp(told->text, "setup");
	struct migration_stage *stage;

	/* Each has one. What a destination says first may come before it. */
	if (s && is_setup && s->stages.count)
		s = NULL;
	if (s && s->result == MIGRATION_COMPLETED)
		s = NULL;
	/* A source that failed while it cancelled says both. */
	if (s && s->result != MIGRATION_OPEN &&
	    result_of(told->text) == MIGRATION_OPEN)
		s = NULL;
	if (!s)
		s = side_new(r, told->ns);
	if (!s)
		return -ENOMEM;
	stage = vmsync_array_add(&s->stages);
	if (!stage)
		return -ENOMEM;
	stage->ns = told->ns;
	memcpy(stage->name, told->text, sizeof(stage->name));
	s->end_ns = told->ns;
	s->result = result_of(told->text);
	s->postcopy |= !strncmp(told->text, "postcopy", 8);
	return 0;
}

static int role_take(struct migration_reader *r, int64_t ns,
		     enum migration_role role)
{
	struct migration_side *s = side_within(r, ns);

	if (!s)
		return -ENOMEM;
	s->mixed |= s->role && s->role != role;
	/* It may have waited for a source for ever. */
	if (!s->role && role == MIGRATION_DESTINATION)
		s->begin_ns = ns;
	s->role = role;
	return 0;
}

static void stops(struct migration_side *s, int64_t ns)
{
	if (!s || s->result != MIGRATION_OPEN ||
	    s->role == MIGRATION_DESTINATION)
		return;
	s->stop_ns = ns;
	s->stopped_ns = s->run_ns = MIGRATION_NEVER;
}

static void is_stopped(struct migration_side *s, int64_t ns)
{
	if (s && s->stop_ns != MIGRATION_NEVER &&
	    s->stopped_ns == MIGRATION_NEVER && s->run_ns == MIGRATION_NEVER)
		s->stopped_ns = ns;
}

static void runs(struct migration_side *s, int64_t ns)
{
	if (!s || s->run_ns != MIGRATION_NEVER)
		return;
	if (s->role == MIGRATION_DESTINATION) {
		s->run_ns = ns;
	} else if (s->stop_ns != MIGRATION_NEVER) {
		s->run_ns = ns;
		s->paused_ns += ns - s->stop_ns;
	}
}

static int runstate_take(struct migration_reader *r,
			 const struct migration_told *told)
{
	struct migration_side *s = side_open(r);

	r->broken += r->runstate[0] && strcmp(r->runstate, told->before);
	memcpy(r->runstate, told->text, sizeof(r->runstate));
	if (!strcmp(told->before, "inmigrate") &&
	    (!s || s->role != MIGRATION_DESTINATION)) {
		if (role_take(r, told->ns, MIGRATION_DESTINATION))
			return -ENOMEM;
		s = side_open(r);
	}
	if (!strcmp(told->text, "running"))
		runs(s, told->ns);
	else if (!strcmp(told->before, "running"))
		stops(s, told->ns);
	return 0;
}

static int source_take(struct migration_reader *r,
		       const struct migration_told *told)
{
	struct migration_side *s;
	int ret = 0;

	/* A destination tells of passes as well. */
	if (told->kind != MIGRATION_QMP_PASS)
		ret = role_take(r, told->ns, MIGRATION_SOURCE);
	s = side_open(r);
	if (ret || !s)
		return ret;
	return migration_rounds_take(&s->rounds, told);
}

/* QMP's, where the log does not tell the same. */
static int qmp_take(struct migration_reader *r,
		    const struct migration_told *told)
{
	struct migration_side *s = side_open(r);

	switch (told->kind) {
	case MIGRATION_QMP_STATE:
		return r->states_by_log ? 0 : state_take(r, told);
	case MIGRATION_QMP_PASS:
		if (!r->syncs_by_log && role_take(r, told->ns, MIGRATION_SOURCE))
			return -ENOMEM;
		return source_take(r, told);
	case MIGRATION_QMP_STOP:
		if (!r->runs_by_log)
			stops(s, told->ns);
		is_stopped(s, told->ns);
		return 0;
	case MIGRATION_QMP_RESUME:
		/* Before it runs a destination has passed nothing on. */
		if (!r->runs_by_log && s && !s->role &&
		    s->stop_ns == MIGRATION_NEVER)
			s->role = MIGRATION_DESTINATION;
		if (!r->runs_by_log)
			runs(s, told->ns);
		return 0;
	default:
		if (s) {
			s->has_answer = true;
			s->answer = *told;
		}
		return 0;
	}
}

static int other_take(struct migration_reader *r,
		      const struct migration_told *told)
{
	struct migration_side *s = side_open(r);

	if (!s)
		return 0;
	switch (told->kind) {
	case MIGRATION_NOTIFY:
		if (!told->number[0])
			is_stopped(s, told->ns);
		break;
	case MIGRATION_STOPPED:
		is_stopped(s, told->ns);
		break;
	case MIGRATION_ERROR:
		if (!s->error[0])
			memcpy(s->error, told->text, sizeof(s->error));
		break;
	case MIGRATION_POSTCOPY:
		s->postcopy = true;
		break;
	case MIGRATION_FAULT:
		s->faults++;
		break;
	default:
		s->throttles += told->kind == MIGRATION_THROTTLE;
		break;
	}
	return 0;
}

int migration_reader_take(struct migration_reader *r,
			  const struct migration_told *told)
{
	struct migration_side *s;
	int ret;

	switch (told->kind) {
	case MIGRATION_STATE:
		ret = state_take(r, told);
		break;
	case MIGRATION_RUNSTATE:
		ret = runstate_take(r, told);
		break;
	case MIGRATION_IN:
		ret = role_take(r, told->ns, MIGRATION_DESTINATION);
		break;
	case MIGRATION_OUT:
		ret = role_take(r, told->ns, MIGRATION_SOURCE);
		break;
	case MIGRATION_SYNC_BEGIN:
	case MIGRATION_SYNC_END:
	case MIGRATION_PENDING:
	case MIGRATION_SENT:
	case MIGRATION_WAIT:
	case MIGRATION_GO_ON:
		ret = source_take(r, told);
		break;
	case MIGRATION_QMP_STATE:
	case MIGRATION_QMP_PASS:
	case MIGRATION_QMP_STOP:
	case MIGRATION_QMP_RESUME:
	case MIGRATION_ANSWER:
		ret = qmp_take(r, told);
		break;
	default:
		ret = other_take(r, told);
		break;
	}
	s = side_open(r);
	if (s && s->result == MIGRATION_OPEN)
		s->end_ns = told->ns;
	return ret;
}

void migration_sides_free(struct migration_sides *s)
{
	size_t i;

	for (i = 0; i < s->count; i++) {
		vmsync_array_free(&s->at[i].stages);
		vmsync_array_free(&s->at[i].rounds.list);
	}
	vmsync_array_free(s);
}
