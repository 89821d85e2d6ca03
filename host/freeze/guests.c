// SPDX-License-Identifier: MIT
#include "freeze/guests.h"

#include <stdlib.h>
#include <string.h>

#define SECOND 1000000000ull

/* How often vmsyncd is asked who is there; it costs it a message a guest. */
#define LOOK_NS (5 * SECOND)

/* A guest that failed, or has no agent, is tried again. */
#define AGAIN_NS (60 * SECOND)

static void drop(struct freeze_recorder *r, size_t i)
{
	record_guest_end(&r->guest[i]->g);
	free(r->guest[i]);
	memmove(r->guest + i, r->guest + i + 1,
		(--r->n - i) * sizeof(r->guest[0]));
}

/* The same run of the same guest. */
static bool is_same(const struct record_guest *a, const struct record_guest *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->uuid, b->uuid) &&
	       !strcmp(a->pid, b->pid);
}

static void take(struct freeze_recorder *r, struct freeze_guest *new,
		 uint64_t now_ns)
{
	struct freeze_guest **p;
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (!is_same(&r->guest[i]->g, &new->g))
			continue;
		r->guest[i]->asked = true;
		free(new);
		return;
	}
	p = realloc(r->guest, (r->n + 1) * sizeof(*p));
	if (!p) {
		free(new);
		return;
	}
	r->guest = p;
	p[r->n++] = new;
	new->asked = true;
	new->g.ring = new->g.freezes = true;
	new->g.events = r->events;
	new->g.named = r->n_vm;
	record_guest_set(&new->g, RECORD_ASK, now_ns);
}

/* @asked marks those that are there: no freeze is under way that needs it. */
void freeze_guests_look(struct freeze_recorder *r, uint64_t now_ns)
{
	struct vmsync_client_list list;
	struct freeze_guest *new;
	struct ctf_error e;
	size_t i;

	if (r->looked_ns && now_ns - r->looked_ns < LOOK_NS)
		return;
	r->looked_ns = now_ns;
	if (vmsync_client_list(r->control, &list, &e))
		return;
	for (i = 0; i < r->n; i++)
		r->guest[i]->asked = false;
	for (i = 0; i < list.n; i++) {
		new = calloc(1, sizeof(*new));
		if (!new)
			break;
		if (!record_guest_init(&new->g, list.guest[i]) &&
		    record_guest_is_wanted(&new->g, r->vm, r->n_vm))
			take(r, new, now_ns);
		else
			free(new);
	}
	for (i = r->n; i--;) {
		if (!r->guest[i]->asked)
			drop(r, i);
	}
	vmsync_client_free(&list);
}

/* Another recording, of another number: an agent takes it for a new one. */
static void again(struct freeze_recorder *r, struct record_guest *g,
		  uint64_t now_ns)
{
	record_guest_end(g);
	if (record_guest_renew(g))
		return;
	g->named = r->n_vm;
	record_guest_set(g, RECORD_ASK, now_ns);
}

void freeze_guests_tick(struct freeze_recorder *r, uint64_t now_ns)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		struct record_guest *g = &r->guest[i]->g;

		if (g->state == RECORD_READY)
			record_guest_set(g, RECORD_START, now_ns);
		if (g->state > RECORD_FETCH && now_ns - g->since_ns >= AGAIN_NS &&
		    r->now.phase == FREEZE_IDLE)
			again(r, g, now_ns);
		record_guest_tick(g, r->control, now_ns);
	}
}

void freeze_guests_end(struct freeze_recorder *r)
{
	while (r->n)
		drop(r, r->n - 1);
	free(r->guest);
	r->guest = NULL;
}

const char *freeze_guest_is(const struct record_guest *g)
{
	switch (g->state) {
	case RECORD_NONE:
		return "no agent";
	case RECORD_FAILED:
		return "failed";
	case RECORD_ASK:
	case RECORD_READY:
	case RECORD_START:
		return "begins";
	default:
		return g->lost_ns ? "lost" : g->silent ? "silent" : "records";
	}
}
