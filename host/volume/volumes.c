// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"
#include "volume/feed.h"
#include "volume/volumes.h"

/* Events between two looks at the clock, for the progress. */
#define PROGRESS_EVENTS 65536

int volumes_init(struct volumes *v, const struct vmsync_session *s,
		 const struct volumes_options *options)
{
	*v = (struct volumes){ .session = s, .options = options };
	v->requests = calloc(s->n_guests + 1, sizeof(*v->requests));
	return v->requests ? volume_threads_init(&v->threads, s) : -ENOMEM;
}

void volumes_requests_clear(struct volumes *v)
{
	size_t i;

	for (i = 0; v->requests && i < v->session->n_guests; i++) {
		volume_requests_free(&v->requests[i]);
		v->requests[i] = (struct volume_requests){ 0 };
	}
	v->on_more = 0;
	volume_threads_rest(&v->threads);
}

static void sums_free(struct volume_sums *s)
{
	int i;

	if (!s)
		return;
	analysis_hist_free(&s->whole);
	analysis_hist_free(&s->before);
	for (i = 0; i < VOLUME_PARTS; i++)
		analysis_hist_free(&s->parts[i]);
	free(s);
}

static void volume_free(struct volume *volume)
{
	int op, followed;

	for (op = 0; op < VOLUME_OPS; op++) {
		for (followed = 0; followed < VOLUME_FOLLOWED; followed++)
			sums_free(volume->sums[op][followed]);
	}
	volume_paths_free(&volume->paths);
	vmsync_array_free(&volume->listed);
}

void volumes_free(struct volumes *v)
{
	size_t i;

	volumes_requests_clear(v);
	free(v->requests);
	for (i = 0; i < v->volumes.count; i++)
		volume_free(&v->volumes.at[i]);
	vmsync_array_free(&v->volumes);
	vmsync_array_free(&v->names);
	vmsync_array_free(&v->aliases);
	volume_threads_free(&v->threads);
	analysis_index_free(&v->numbers);
}

uint32_t volumes_of(struct volumes *v, uint32_t guest, uint32_t dev)
{
	uint64_t key = (uint64_t)guest << 32 | dev;
	uint32_t n = analysis_index_find(&v->numbers, key);
	struct volume *p;

	if (n < v->volumes.count)
		return n;
	if (v->volumes.count == VOLUMES_MOST)
		return ANALYSIS_NONE;
	n = analysis_index_put(&v->numbers, key);
	p = n == ANALYSIS_NONE ? NULL : vmsync_array_add(&v->volumes);
	if (!p)
		return ANALYSIS_NONE;
	*p = (struct volume){ .guest = guest, .dev = dev };
	return n;
}

static struct volume_name *name_find(const struct volumes *v, uint32_t machine,
				     uint32_t dev)
{
	size_t i;

	for (i = 0; i < v->names.count; i++) {
		if (v->names.at[i].machine == machine &&
		    v->names.at[i].dev == dev)
			return &v->names.at[i];
	}
	return NULL;
}

int volumes_name_set(struct volumes *v, const struct volume_event *ev)
{
	struct volume_name *n = name_find(v, ev->machine, ev->dev);
	size_t len = ev->name_len < VOLUME_NAME ? ev->name_len : VOLUME_NAME - 1;

	if (!ev->name || n || v->names.count == VOLUME_MOST_NAMES)
		return 0;
	n = vmsync_array_add(&v->names);
	if (!n)
		return -ENOMEM;
	*n = (struct volume_name){ .machine = ev->machine, .dev = ev->dev };
	memcpy(n->name, ev->name, len);
	return 0;
}

const char *volumes_name(const struct volumes *v, uint32_t machine, uint32_t dev,
			 char buf[VOLUME_NAME])
{
	const struct volume_name *n = name_find(v, machine, dev);

	if (n && n->name[0])
		return n->name;
	/* As the kernel has it in its own numbers: 20 bits are the minor one. */
	snprintf(buf, VOLUME_NAME, "%u:%u", dev >> 20, dev & 0xfffff);
	return buf;
}

bool volumes_is_alias(const struct volumes *v, uint32_t partition, uint32_t dev)
{
	size_t i;

	for (i = 0; partition != dev && i < v->aliases.count; i++) {
		if (v->aliases.at[i].partition == partition &&
		    v->aliases.at[i].dev == dev)
			return true;
	}
	return partition == dev;
}

int volumes_alias_set(struct volumes *v, uint32_t partition, uint32_t dev)
{
	struct volume_alias *a;

	if (volumes_is_alias(v, partition, dev) ||
	    v->aliases.count == VOLUME_MOST_ALIASES)
		return 0;
	a = vmsync_array_add(&v->aliases);
	if (!a)
		return -ENOMEM;
	*a = (struct volume_alias){ partition, dev };
	return 0;
}

bool volumes_reported(const struct volumes *v, const struct volume *volume)
{
	const struct vmsync_session_guest *g = &v->session->guests[volume->guest];
	char pid[16];

	if (!v->options->vm)
		return true;
	snprintf(pid, sizeof(pid), "%d", g->report->found ? g->report->vm.pid : 0);
	return !strcmp(v->options->vm, g->machine->name) ||
	       !strcmp(v->options->vm, pid);
}

int volume_guest_event(struct volumes *v, const struct volume_event *ev,
		       struct volume_request *done)
{
	uint32_t guest = ev->machine - 1, number;
	struct volume_requests *rs = &v->requests[guest];

	if (ev->kind == VOLUME_EV_BIO)
		return volume_requests_bio(rs, ev);
	if (ev->kind != VOLUME_EV_ISSUE && ev->kind != VOLUME_EV_REQUEUE &&
	    ev->kind != VOLUME_EV_COMPLETE)
		return 0;
	number = volumes_of(v, guest, ev->dev);
	if (number == ANALYSIS_NONE) {
		v->on_more += ev->kind == VOLUME_EV_ISSUE;
		return 0;
	}
	switch (ev->kind) {
	case VOLUME_EV_ISSUE:
		return volume_requests_issue(rs, number, ev);
	case VOLUME_EV_REQUEUE:
		volume_requests_requeue(rs, number, ev);
		return 0;
	default:
		return volume_requests_complete(rs, number, ev, done);
	}
}

/* ---------------------------------------------------------------------- sums */

static int64_t whole_ns(const struct volume_request *r)
{
	return r->cut_ns[VOLUME_DONE] - r->cut_ns[VOLUME_ISSUED];
}

static int sums_add(struct volume_sums *s, const struct volume_request *r,
		    enum volume_followed followed)
{
	int64_t ns[VOLUME_PARTS];
	int i, ret = 0;

	s->bytes += (uint64_t)r->sectors * 512;
	s->errors += r->error != 0;
	volume_request_parts(r, followed, ns);
	for (i = 0; i < VOLUME_PARTS; i++)
		ret |= analysis_hist_add(&s->parts[i], (uint64_t)ns[i]);
	for (i = 0; i < VOLUME_CUTS; i++)
		s->seen[i] += r->cut_ns[i] != VOLUME_NEVER;
	ret |= analysis_hist_add(&s->whole, (uint64_t)whole_ns(r));
	if (r->bio_ns != VOLUME_NEVER)
		ret |= analysis_hist_add(
			&s->before,
			(uint64_t)(r->cut_ns[VOLUME_ISSUED] - r->bio_ns));
	return ret ? -ENOMEM : 0;
}

/* The slowest, in the order in which they are found; or all, up to a limit. */
static int list(struct volumes *v, struct volume *volume,
		const struct volume_request *r, enum volume_followed followed)
{
	const struct volumes_taker *taker = v->options->taker;
	const struct volume_listed listed = { *r, followed };
	struct volume_listed *to = NULL;
	size_t i;

	if (taker)
		return volumes_reported(v, volume) ?
			       taker->request(taker->ctx, v, &listed) :
			       0;
	if (v->options->all && v->listed == VOLUME_MOST_LISTED) {
		v->omitted++;
		return 0;
	}
	if (v->options->all || volume->listed.count < VOLUME_SLOWEST) {
		to = vmsync_array_add(&volume->listed);
		if (!to)
			return -ENOMEM;
		v->listed++;
	} else {
		for (i = 0; i < volume->listed.count; i++) {
			struct volume_listed *l = &volume->listed.at[i];

			if (!to || whole_ns(&l->request) < whole_ns(&to->request))
				to = l;
		}
		if (whole_ns(&to->request) >= whole_ns(r))
			return 0;
	}
	*to = listed;
	return 0;
}

int volumes_done(struct volumes *v, const struct volume_request *r, bool lost)
{
	struct volume *volume = &v->volumes.at[r->volume];
	enum volume_followed followed =
		lost ? VOLUME_EVENTS_LOST : volume_request_followed(r);
	struct volume_sums **s = &volume->sums[r->op][followed];

	if (r->cut_ns[VOLUME_DONE] < v->from_ns ||
	    r->cut_ns[VOLUME_DONE] > v->until_ns)
		return 0;
	if (!*s)
		*s = calloc(1, sizeof(**s));
	if (!*s || sums_add(*s, r, followed))
		return -ENOMEM;
	return list(v, volume, r, followed);
}

/* ---------------------------------------------------------------- two passes */

static void show(const struct volumes *v, const struct vmsync_progress *progress,
		 const char *what, int64_t ns)
{
	if (progress && progress->show && ns > v->begin_ns)
		progress->show(progress->ctx, what, (uint64_t)(ns - v->begin_ns),
			       (uint64_t)(v->end_ns - v->begin_ns));
}

static int learn(struct volumes *v, const struct vmsync_progress *progress,
		 struct ctf_error *e)
{
	struct volume_feed *feed = volume_feed_new(v->session, e);
	struct volume_learn *l = volume_learn_new(v);
	struct volume_event ev;
	uint64_t n = 0;
	int ret = !feed ? e->code : !l ? vmsync_fail_memory(e) : 0;

	while (!ret && (ret = volume_feed_next(feed, &ev, e)) > 0) {
		ret = volume_learn_event(l, &ev) ? vmsync_fail_memory(e) : 0;
		if (!(++n % PROGRESS_EVENTS))
			show(v, progress, "finding volumes", ev.ns);
	}
	if (!ret && volume_learn_choose(l))
		ret = vmsync_fail_memory(e);
	volume_learn_free(l);
	volume_feed_free(feed);
	volumes_requests_clear(v);
	return ret;
}

static int time_set(struct volumes *v, const struct volume_feed *feed,
		    struct ctf_error *e)
{
	const struct volumes_options *o = v->options;

	v->begin_ns = volume_feed_begin_ns(feed);
	v->from_ns = o->since_ns ? v->begin_ns + o->since_ns : INT64_MIN;
	v->until_ns = o->until_ns ? v->begin_ns + o->until_ns : INT64_MAX;
	if (v->from_ns < v->end_ns)
		return 0;
	return vmsync_fail(e, -ERANGE, "name a time that is within it",
			   "nothing was recorded then: the host's recording is "
			   "%d s long",
			   (int)((v->end_ns - v->begin_ns) / 1000000000));
}

static int follow(struct volumes *v, const struct vmsync_progress *progress,
		  struct ctf_error *e)
{
	const struct volumes_taker *taker = v->options->taker;
	struct volume_feed *feed = volume_feed_new(v->session, e);
	struct volume_request done;
	struct volume_event ev;
	uint64_t n = 0;
	int ret = feed ? time_set(v, feed, e) : e->code;

	if (!ret && taker)
		ret = taker->begin(taker->ctx, v, e);
	while (!ret && (ret = volume_feed_next(feed, &ev, e)) > 0) {
		ret = volume_follow_event(v, &ev, &done);
		if (ret > 0)
			ret = volumes_done(
				v, &done,
				volume_feed_lost(feed, ev.machine,
						 done.cut_ns[VOLUME_ISSUED],
						 done.cut_ns[VOLUME_DONE]));
		if (ret == -ENOMEM)
			ret = vmsync_fail_memory(e);
		if (!(++n % PROGRESS_EVENTS))
			show(v, progress, "following requests", ev.ns);
	}
	volume_feed_free(feed);
	return ret;
}

static int check_asked(const struct volumes *v, struct ctf_error *e)
{
	size_t i;

	for (i = 0; v->options->vm && i < v->session->n_guests; i++) {
		const struct volume volume = { .guest = (uint32_t)i };

		if (volumes_reported(v, &volume))
			return 0;
	}
	if (!v->options->vm)
		return 0;
	return vmsync_fail(e, -ENOENT, "name it as vmsync sync does",
			   "%.200s: no guest of that name whose trace there is",
			   v->options->vm);
}

int volumes_run(const struct vmsync_session *s,
		const struct volumes_options *options, struct volumes *v,
		const struct vmsync_progress *progress, struct ctf_error *e)
{
	int ret = volumes_init(v, s, options) ? vmsync_fail_memory(e) : 0;

	v->end_ns = s->host->coverage.end_ns;
	if (!ret)
		ret = check_asked(v, e);
	if (!ret)
		ret = learn(v, progress, e);
	return ret ? ret : follow(v, progress, e);
}
