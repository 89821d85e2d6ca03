// SPDX-License-Identifier: MIT
#include <errno.h>

#include "volume/paths.h"

void volume_paths_free(struct volume_paths *p)
{
	size_t i;

	for (i = 0; i < p->votes.count; i++)
		free(p->votes.at[i]);
	vmsync_array_free(&p->votes);
	vmsync_array_free(&p->paths);
}

bool volume_place_same(struct volume_place a, struct volume_place b)
{
	return a.kind == b.kind && a.id == b.id;
}

struct volume_votes *volume_paths_votes(struct volume_paths *p,
					struct volume_place place)
{
	struct volume_votes **v;
	size_t i;

	for (i = 0; i < p->votes.count; i++) {
		if (volume_place_same(p->votes.at[i]->place, place))
			return p->votes.at[i];
	}
	if (p->votes.count == VOLUME_MOST_PATHS)
		return NULL;
	v = vmsync_array_add(&p->votes);
	if (!v)
		return NULL;
	*v = calloc(1, sizeof(**v));
	if (!*v) {
		p->votes.count--;
		return NULL;
	}
	(*v)->place = place;
	return *v;
}

/*
 * What is voted for often stays, however many others there are (Misra and Gries): where
 * there is no room, one vote of each is struck out against this one.
 */
void volume_vote(struct volume_votes *v, int64_t distance)
{
	uint32_t i, n = 0;

	for (i = 0; i < v->n; i++) {
		if (v->candidates[i].distance == distance) {
			v->candidates[i].votes++;
			return;
		}
	}
	if (v->n < VOLUME_CANDIDATES) {
		v->candidates[v->n++] =
			(struct volume_candidate){ distance, 1 };
		return;
	}
	for (i = 0; i < v->n; i++) {
		if (--v->candidates[i].votes)
			v->candidates[n++] = v->candidates[i];
	}
	v->n = n;
}

static struct volume_path path_of(const struct volume_votes *v)
{
	struct volume_path path = { .place = v->place, .tries = v->tries };
	uint32_t i;

	for (i = 0; i < v->n; i++) {
		const struct volume_candidate *c = &v->candidates[i];

		if (c->votes > path.votes) {
			path.next_votes = path.votes;
			path.votes = c->votes;
			path.distance = c->distance;
		} else if (c->votes > path.next_votes) {
			path.next_votes = c->votes;
		}
	}
	return path;
}

/*
 * Another volume may be on the same device, and its requests vote here too, but rarely
 * often for one distance.
 */
static bool is_chosen(const struct volume_paths *p, const struct volume_path *path)
{
	uint64_t requests = path->place.kind == VOLUME_FLUSHED_BY ? p->flushes :
								    p->requests;

	return path->votes >= path->next_votes + VOLUME_LEAST_VOTES &&
	       path->votes >= path->tries / VOLUME_LEAST_OF_TRIES &&
	       path->votes >= requests / VOLUME_LEAST_OF_REQUESTS;
}

bool volume_paths_best(const struct volume_paths *p, struct volume_place place,
		       struct volume_path *best)
{
	size_t i;

	for (i = 0; i < p->votes.count; i++) {
		if (!volume_place_same(p->votes.at[i]->place, place))
			continue;
		*best = path_of(p->votes.at[i]);
		return is_chosen(p, best);
	}
	return false;
}

int volume_paths_add(struct volume_paths *p, const struct volume_path *path)
{
	struct volume_path *to = vmsync_array_add(&p->paths);

	if (!to)
		return -ENOMEM;
	*to = *path;
	return 0;
}

const struct volume_path *volume_path_find(const struct volume_paths *p,
					   struct volume_place place)
{
	size_t i;

	for (i = 0; i < p->paths.count; i++) {
		if (volume_place_same(p->paths.at[i].place, place))
			return &p->paths.at[i];
	}
	return NULL;
}
