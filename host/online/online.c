// SPDX-License-Identifier: MIT
#include "online/online.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "fuse/fail.h"
#include "online/online_parts.h"

/*
 * So much of what is analysed is kept for the maps of what is not: changes of clocks
 * are told late, and a guest may join that has only now got its map.
 */
#define KEEP_NS 10000000000

/* Sessions that have ended were of the host's session before this one. */
static int guests_skip(struct online *o)
{
	struct live_whole whole = { 0 };
	int ret = 0;
	size_t i;

	for (i = 1; ret >= 0 && i < o->n; i++) {
		while ((ret = live_ledger_look(o->l[i], o->session[i],
					       &whole)) > 0 && whole.ended)
			o->session[i]++;
	}
	free(whole.file);
	return ret < 0 ? ret : 0;
}

struct online *online_new(struct live_ledger *const *l, size_t n,
			  const struct online_how *how)
{
	struct online *o = calloc(1, sizeof(*o));

	if (!o)
		return NULL;
	o->l = l;
	o->n = n;
	o->how = *how;
	o->session = calloc(n + 1, sizeof(*o->session));
	o->sync = vmsync_sync_new(NULL);
	o->feed.gather = ctf_gather_new();
	if (o->session)
		o->session[0] = how->session;
	if (o->session && o->sync && o->feed.gather &&
	    !(how->session && guests_skip(o)))
		return o;
	online_free(o);
	return NULL;
}

void online_free(struct online *o)
{
	size_t i;

	if (!o)
		return;
	online_feed_free(&o->feed);
	for (i = 0; i < o->guests.count; i++)
		online_machine_free(o->guests.at[i].machine);
	online_machine_free(o->host);
	vmsync_array_free(&o->guests);
	vmsync_sync_free(o->sync);
	online_ends_free(&o->ends);
	online_sums_free(&o->sums);
	analysis_model_free(o->model);
	free(o->session);
	free(o);
}

void online_say(const struct online *o, const char *format, ...)
{
	char text[640];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	o->how.say(o->how.say_ctx, text);
}

void online_leave(struct online *o, struct online_guest *g, const char *why)
{
	online_say(o, "%s is not analysed any more: %s",
		   g->machine->name[0] ? g->machine->name : "a guest", why);
	vmsync_sync_guest_end(g->guest);
	g->machine->finished = true;
	g->left = g->ended = true;
	g->joined = false;
}

static int host_find(struct online *o, struct ctf_error *e)
{
	struct live_whole whole = { 0 };
	int ret = o->host ? 0 :
			    live_ledger_look(o->l[0], o->session[0], &whole);

	free(whole.file);
	if (ret > 0) {
		o->host = online_machine_new(o->l[0], o->session[0],
					     ANALYSIS_HOST, &o->ends);
		ret = o->host ? 0 : -ENOMEM;
	}
	return ret ? vmsync_fail_memory(e) : 0;
}

static int guest_add(struct online *o, size_t ledger)
{
	struct online_guest *g = vmsync_array_add(&o->guests);

	if (!g)
		return -ENOMEM;
	*g = (struct online_guest){ .until = 0 };
	g->machine = online_machine_new(o->l[ledger], o->session[ledger],
					(uint32_t)o->guests.count, NULL);
	g->guest = vmsync_sync_guest_new(o->sync, "");
	if (!g->machine || !g->guest)
		return -ENOMEM;
	g->machine->maps = vmsync_guest_maps(g->guest);
	return 0;
}

/* Each session of a guest is a guest: it may have been booted again. */
static int guests_find(struct online *o, struct ctf_error *e)
{
	struct live_whole whole = { 0 };
	int ret = 0;
	size_t i;

	for (i = 1; ret >= 0 && i < o->n; i++) {
		while ((ret = live_ledger_look(o->l[i], o->session[i],
					       &whole)) > 0) {
			if (guest_add(o, i)) {
				ret = -ENOMEM;
				break;
			}
			o->session[i]++;
		}
	}
	free(whole.file);
	return ret < 0 ? vmsync_fail_memory(e) : 0;
}

static int look(struct online *o, struct ctf_error *e)
{
	size_t i;
	int ret = host_find(o, e);

	if (!ret)
		ret = guests_find(o, e);
	if (!ret && o->host)
		ret = online_machine_look(o->host, e);
	for (i = 0; !ret && i < o->guests.count; i++) {
		struct online_guest *g = &o->guests.at[i];
		struct ctf_error why;

		if (g->left || !online_machine_look(g->machine, &why))
			continue;
		if (why.code == -ENOMEM)
			ret = vmsync_fail_memory(e);
		else
			online_leave(o, g, why.msg);
	}
	return ret;
}

/* What was pushed is looked at once more, and maps are made. */
static int maps_make(struct online *o, struct ctf_error *e)
{
	size_t i;
	int ret = 0;

	for (i = 0; !ret && i < o->guests.count; i++) {
		if (!o->guests.at[i].left)
			ret = online_ends_look(&o->ends, o->guests.at[i].guest);
	}
	if (!ret)
		ret = vmsync_sync_build_maps(o->sync, NULL);
	return ret ? vmsync_fail_memory(e) : 0;
}

/* Who is too late would have all others wait for ever. */
static void leave_late(struct online *o)
{
	host_time h;
	size_t i;

	if (o->host_ended)
		return;
	for (i = 0; i < o->guests.count; i++) {
		struct online_guest *g = &o->guests.at[i];

		if (g->left || !vmsync_guest_settled(g->guest, &h) ||
		    o->pushed_ns - o->how.patience_ns < h.ns)
			continue;
		online_leave(o, g, "it is too far behind the host");
	}
}

static void drop(struct online *o)
{
	size_t i;

	online_machine_drop(o->host, o->feed.gather);
	for (i = 0; i < o->guests.count; i++)
		online_machine_drop(o->guests.at[i].machine, o->feed.gather);
}

/* Else memory and the making of maps would grow with each change of a clock. */
static void forget(struct online *o)
{
	int64_t ns = o->given_ns - KEEP_NS;

	if (ns > 0)
		vmsync_sync_forget(o->sync, (host_time){ ns });
}

static int advance(struct online *o, bool all, struct ctf_error *e)
{
	int more = 1, ret = 0;

	while (!ret && more > 0) {
		more = online_push(o, all, e);
		if (more < 0)
			return more;
		ret = maps_make(o, e);
		if (!ret)
			ret = online_analyse(o, e);
		leave_late(o);
		forget(o);
	}
	return ret;
}

/* The host has ended, and no guest has more that is on its clock. */
static bool is_over(const struct online *o)
{
	host_time h;
	size_t i;

	if (!o->host_ended)
		return false;
	for (i = 0; i < o->guests.count; i++) {
		const struct online_guest *g = &o->guests.at[i];

		if (g->left || g->ended)
			continue;
		if (!vmsync_guest_settled(g->guest, &h) || h.ns <= o->host->end_ns)
			return false;
	}
	return true;
}

static int finish(struct online *o, struct ctf_error *e)
{
	size_t i;

	for (i = 0; i < o->guests.count; i++)
		vmsync_sync_guest_end(o->guests.at[i].guest);
	if (vmsync_sync_finish(o->sync))
		return vmsync_fail_memory(e);
	return online_close(o, e);
}

int online_tick(struct online *o, bool all, struct ctf_error *e)
{
	int ret = o->over ? 0 : look(o, e);

	if (ret || o->over || !o->host || !o->host->any)
		return ret;
	ret = advance(o, all, e);
	if (!ret && (all || is_over(o)))
		ret = finish(o, e);
	if (!ret)
		drop(o);
	return ret;
}

const struct online_sums *online_sums(const struct online *o)
{
	return &o->sums;
}

const struct analysis_model *online_model(const struct online *o)
{
	return o->model;
}

int64_t online_until_ns(const struct online *o)
{
	return o->given_ns;
}

int64_t online_realtime_ns(const struct online *o, int64_t ns)
{
	const struct ctf_clock *c = online_clock(o);

	return c ? (int64_t)ctf_clock_ns(c, (uint64_t)ns) : 0;
}

const char *online_host_name(const struct online *o)
{
	return o->host ? o->host->name : "";
}

const struct ctf_clock *online_clock(const struct online *o)
{
	return o->host && o->host->any ? &o->host->clock : NULL;
}

uint64_t online_late(const struct online *o)
{
	uint64_t n = o->host ? ctf_gather_late(o->host->gather) : 0;
	size_t i;

	for (i = 0; i < o->guests.count; i++)
		n += ctf_gather_late(o->guests.at[i].machine->gather);
	return n + ctf_gather_late(o->feed.gather);
}

size_t online_guests(const struct online *o)
{
	return o->guests.count;
}

struct online_about online_guest_about(const struct online *o, size_t i)
{
	const struct online_guest *g = &o->guests.at[i];
	const struct vmsync_guest_report *r = vmsync_guest_report_of(g->guest);

	return (struct online_about){
		.name = g->machine->name,
		.uuid = g->machine->domain.uuid,
		.pid = r->found ? r->vm.pid : 0,
		.joined = g->joined,
		.bound_ns = g->bound_ns,
		.maps = vmsync_guest_maps(g->guest),
		.guest = g->guest,
	};
}
