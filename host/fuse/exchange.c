// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/exchange.h"
#include "fuse/fail.h"
#include "fuse/reader.h"
#include "sync/base/array.h"
#include "sync/base/drift.h"

/* One end of a message. */
struct end {
	uint64_t key; /* hash of the key fields */
	int64_t ns;
};

struct ends {
	VMSYNC_ARRAY(struct end);
};

/* "name=value" at the start of @part? Then the value. */
static const char *value_of(const char *part, const char *name)
{
	size_t n = strlen(name);

	return strncmp(part, name, n) || part[n] != '=' ? NULL : part + n + 1;
}

/* Said once, and something. */
static bool take_once(const char **to, const char *value)
{
	if (*to || !*value)
		return false;
	*to = value;
	return true;
}

/* The first key is named as such, others follow it. */
static bool take_key(struct vmsync_exchange *x, const char *part)
{
	const char *first = value_of(part, "key");
	const char *key = first ? first : part;

	if (x->n_keys == VMSYNC_EXCHANGE_KEYS || (!first && !x->n_keys) ||
	    !*key || strchr(key, '='))
		return false;
	x->key[x->n_keys++] = key;
	return true;
}

static bool take_part(struct vmsync_exchange *x, const char *part)
{
	const char *value = value_of(part, "cause");

	if (value)
		return take_once(&x->cause, value);
	value = value_of(part, "effect");
	if (value)
		return take_once(&x->effect, value);
	return take_key(x, part);
}

/* Return: whether @x->text is all there. */
static bool parse(struct vmsync_exchange *x)
{
	char *rest = x->text, *part;

	while ((part = strsep(&rest, ","))) {
		if (!take_part(x, part))
			return false;
	}
	return x->cause && x->effect && x->n_keys;
}

int vmsync_exchange_parse(const char *text, struct vmsync_exchange *x,
			  struct ctf_error *e)
{
	memset(x, 0, sizeof(*x));
	x->text = strdup(text);
	if (!x->text)
		return vmsync_fail_memory(e);
	if (parse(x))
		return 0;
	vmsync_exchange_free(x);
	return vmsync_fail(e, -EINVAL,
			   "write it as cause=EVENT,effect=EVENT,key=FIELD[,"
			   "FIELD...]",
			   "%.400s: not a match", text);
}

void vmsync_exchange_free(struct vmsync_exchange *x)
{
	free(x->text);
	memset(x, 0, sizeof(*x));
}

static uint64_t hash_bytes(uint64_t h, const void *p, size_t n)
{
	const unsigned char *c = p;

	/* FNV-1a: not against an enemy, who only spoils a match. */
	while (n--)
		h = (h ^ *c++) * 0x100000001b3u;
	return h;
}

static bool hash_field(const struct ctf_event *ev, const struct ctf_field *f,
		       uint64_t *h)
{
	const char *s;
	uint64_t u, i, n;
	size_t len;

	if (ctf_get_u64(ev, f, &u)) {
		*h = hash_bytes(*h, &u, sizeof(u));
		return true;
	}
	s = ctf_get_str(ev, f, &len);
	if (s) {
		*h = hash_bytes(*h, s, len);
		return true;
	}
	if (!ctf_get_len(ev, f, &n))
		return false;
	for (i = 0; i < n && ctf_get_elem(ev, f, i, &u); i++)
		*h = hash_bytes(*h, &u, sizeof(u));
	return true;
}

/* The key of an event; its fields are looked up anew, events are few. */
static bool key_of(const struct vmsync_exchange *x, const struct ctf_event *ev,
		   uint64_t *key)
{
	unsigned int i;

	*key = 0xcbf29ce484222325u;
	for (i = 0; i < x->n_keys; i++) {
		struct ctf_field f;

		if (!ctf_field_any(ev->cls, x->key[i], &f) ||
		    !hash_field(ev, &f, key))
			return false;
	}
	return true;
}

static int ends_add(struct ends *l, const struct end *end)
{
	struct end *p = vmsync_array_add(l);

	if (!p)
		return -ENOMEM;
	*p = *end;
	return 0;
}

static int end_compare(const void *a, const void *b)
{
	const struct end *x = a, *y = b;

	if (x->key != y->key)
		return x->key > y->key ? 1 : -1;
	return (x->ns > y->ns) - (x->ns < y->ns);
}

static int walk(const struct vmsync_exchange *x, struct ctf_merge *m,
		struct ends *causes, struct ends *effects, struct ctf_error *e)
{
	const struct ctf_event *ev;
	int ret;

	while ((ret = ctf_merge_next(m, &ev, e)) > 0) {
		struct end end = { .ns = (int64_t)ev->clock };

		if (!key_of(x, ev, &end.key))
			continue;
		if ((!strcmp(ev->cls->name, x->cause) &&
		     ends_add(causes, &end)) ||
		    (!strcmp(ev->cls->name, x->effect) &&
		     ends_add(effects, &end)))
			return vmsync_fail_memory(e);
	}
	return ret;
}

/* All causes and effects that a machine recorded, sorted by key and time. */
static int ends_read(const struct vmsync_exchange *x,
		     struct vmsync_machine *machine, struct ends *causes,
		     struct ends *effects, struct ctf_error *e)
{
	struct ctf_merge *m = ctf_merge_new();
	uint8_t **want = calloc(machine->n, sizeof(*want));
	size_t i, j;
	int ret = m && want ? 0 : vmsync_fail_memory(e);

	for (i = 0; !ret && i < machine->n; i++) {
		const struct ctf_trace *t = machine->traces[i];
		size_t n = ctf_trace_classes(t);

		want[i] = calloc(n + 1, 1);
		if (!want[i]) {
			ret = vmsync_fail_memory(e);
			break;
		}
		for (j = 0; j < n; j++) {
			const char *name = ctf_trace_class(t, j)->name;

			want[i][j] = !strcmp(name, x->cause) ||
				     !strcmp(name, x->effect);
		}
		ret = ctf_merge_add_want(m, t, &vmsync_raw_map, want[i], e);
		ret = ret < 0 ? ret : 0;
	}
	if (!ret)
		ret = walk(x, m, causes, effects, e);
	if (!ret && vmsync_machine_read(machine))
		ret = vmsync_fail_memory(e);
	if (!ret)
		ctf_merge_passed(m, machine->read);
	if (causes->count)
		qsort(causes->at, causes->count, sizeof(struct end), end_compare);
	if (effects->count)
		qsort(effects->at, effects->count, sizeof(struct end),
		      end_compare);
	ctf_merge_free(m);
	for (i = 0; want && i < machine->n; i++)
		free(want[i]);
	free(want);
	return ret;
}

static size_t run_length(const struct ends *l, size_t i)
{
	size_t n = 1;

	while (i + n < l->count && l->at[i + n].key == l->at[i].key)
		n++;
	return n;
}

static int add_message(vmsync_messages *out, const struct end *cause,
		       const struct end *effect, bool to_host)
{
	struct vmsync_message *m = vmsync_array_add(out);

	if (!m)
		return -ENOMEM;
	*m = (struct vmsync_message){
		.to_host = to_host,
		.guest_ns = to_host ? cause->ns : effect->ns,
		.host_ns = to_host ? effect->ns : cause->ns,
	};
	return 0;
}

/* Causes and effects with equal keys, in the order in which they came. */
static int pair_up(const struct ends *causes, const struct ends *effects,
		   bool to_host, vmsync_messages *out)
{
	size_t i = 0, j = 0, k;
	int ret = 0;

	while (!ret && i < causes->count && j < effects->count) {
		size_t n = run_length(causes, i), m = run_length(effects, j);

		if (causes->at[i].key < effects->at[j].key) {
			i += n;
			continue;
		}
		if (causes->at[i].key > effects->at[j].key) {
			j += m;
			continue;
		}
		for (k = 0; !ret && n == m && k < n; k++)
			ret = add_message(out, &causes->at[i + k],
					  &effects->at[j + k], to_host);
		i += n;
		j += m;
	}
	return ret;
}

size_t vmsync_messages_to_host(const vmsync_messages *m)
{
	size_t n = 0, i;

	for (i = 0; i < m->count; i++)
		n += m->at[i].to_host;
	return n;
}

/* Each way limits the offset from one side. */
static int check_both_ways(const vmsync_messages *m,
			   const struct vmsync_machine *host,
			   const struct vmsync_machine *guest,
			   struct ctf_error *e)
{
	size_t to_host = vmsync_messages_to_host(m);

	if (to_host && to_host < m->count)
		return 0;
	return vmsync_fail(e, -EINVAL,
			   "check the names of events and fields in --match, "
			   "and that both directions were recorded",
			   "%.200s and %.200s exchange too few messages: %zu to "
			   "the first one and %zu from it",
			   ctf_trace_path(host->traces[0]),
			   ctf_trace_path(guest->traces[0]), to_host,
			   m->count - to_host);
}

static int by_guest_time(const void *a, const void *b)
{
	const struct vmsync_message *x = a, *y = b;

	if (x->guest_ns != y->guest_ns)
		return x->guest_ns < y->guest_ns ? -1 : 1;
	return x->to_host - y->to_host;
}

/*
 * What the host's clock is ahead of the guest's is less than one to the host shows,
 * and more than one from it shows, but for what clocks that are slewed as fast as
 * can be drift from one to the other.
 */
static bool contradict(const struct vmsync_message *to_host,
		       const struct vmsync_message *from_host)
{
	double most = (double)(to_host->host_ns - to_host->guest_ns);
	double least = (double)(from_host->host_ns - from_host->guest_ns);
	double apart = (double)(to_host->guest_ns - from_host->guest_ns);

	return least - most > VMSYNC_DRIFT_TICKS * (apart < 0 ? -apart : apart);
}

/*
 * A clock that is set makes two messages contradict each other where it was set in
 * between. That most answers do it with what they answer, several times over, no
 * clock has done: what is taken for the cause came after the effect.
 */
#define CONTRADICTIONS 3

/* Neighbours of which the second goes the other way. */
struct turns {
	size_t n;
	size_t bad;
};

/* Sorts the messages by the guest's time. */
static int check_order(vmsync_messages *m, const struct vmsync_machine *host,
		       const struct vmsync_machine *guest, struct ctf_error *e)
{
	struct turns turns[2] = { 0 }, *t;
	size_t i;

	qsort(m->at, m->count, sizeof(*m->at), by_guest_time);
	for (i = 1; i < m->count; i++) {
		const struct vmsync_message *a = &m->at[i - 1], *b = &m->at[i];

		if (a->to_host == b->to_host)
			continue;
		t = &turns[a->to_host];
		t->n++;
		t->bad += a->to_host ? contradict(a, b) : contradict(b, a);
	}
	t = &turns[turns[1].bad > turns[0].bad];
	if (t->bad < CONTRADICTIONS || 2 * t->bad <= t->n)
		return 0;
	return vmsync_fail(e, -EINVAL,
			   "are cause and effect swapped in --match, or does "
			   "its key not tell one message from another?",
			   "%.160s and %.160s: their messages contradict each "
			   "other, in %zu of %zu places where the one direction "
			   "follows the other",
			   ctf_trace_path(host->traces[0]),
			   ctf_trace_path(guest->traces[0]), t->bad, t->n);
}

int vmsync_exchange_read(const struct vmsync_exchange *x,
			 struct vmsync_machine *host,
			 struct vmsync_machine *guest,
			 vmsync_messages *messages, struct ctf_error *e)
{
	struct ends host_causes = { 0 }, host_effects = { 0 };
	struct ends guest_causes = { 0 }, guest_effects = { 0 };
	int ret;

	ret = ends_read(x, host, &host_causes, &host_effects, e);
	if (!ret)
		ret = ends_read(x, guest, &guest_causes, &guest_effects, e);
	if (!ret && (pair_up(&guest_causes, &host_effects, true, messages) ||
		     pair_up(&host_causes, &guest_effects, false, messages)))
		ret = vmsync_fail_memory(e);
	if (!ret)
		ret = check_both_ways(messages, host, guest, e);
	if (!ret)
		ret = check_order(messages, host, guest, e);
	vmsync_array_free(&host_causes);
	vmsync_array_free(&host_effects);
	vmsync_array_free(&guest_causes);
	vmsync_array_free(&guest_effects);
	return ret;
}
