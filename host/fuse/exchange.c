// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/exchange.h"
#include "fuse/fail.h"
#include "fuse/reader.h"
#include "sync/array.h"

/* One end of a message. */
struct end {
	uint64_t key; /* hash of the key fields */
	int64_t ns;
};

struct ends {
	VMSYNC_ARRAY(struct end);
};

/* A message: when it left and when it came, each by its machine's clock. */
struct message {
	int64_t sent_ns;
	int64_t received_ns;
};

struct messages {
	struct message *message;
	size_t n;
};

/* "name=value" at the start of @part? Then the value. */
static const char *value_of(const char *part, const char *name)
{
	size_t n = strlen(name);

	return strncmp(part, name, n) || part[n] != '=' ? NULL : part + n + 1;
}

/* Return: whether @x->text is all there. */
static bool parse(struct vmsync_exchange *x)
{
	char *part, *save = NULL;
	bool keys = false;

	for (part = strtok_r(x->text, ",", &save); part;
	     part = strtok_r(NULL, ",", &save)) {
		if (value_of(part, "cause")) {
			x->cause = value_of(part, "cause");
		} else if (value_of(part, "effect")) {
			x->effect = value_of(part, "effect");
		} else if (x->n_keys < VMSYNC_EXCHANGE_KEYS &&
			   (keys || value_of(part, "key"))) {
			const char *first = value_of(part, "key");

			x->key[x->n_keys++] = first ? first : part;
			keys = true;
		} else {
			return false;
		}
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
		     const struct vmsync_machine *machine, struct ends *causes,
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

static int received_compare(const void *a, const void *b)
{
	const struct message *x = a, *y = b;

	return (x->received_ns > y->received_ns) -
	       (x->received_ns < y->received_ns);
}

static int sent_compare(const void *a, const void *b)
{
	const struct message *x = a, *y = b;

	return (x->sent_ns > y->sent_ns) - (x->sent_ns < y->sent_ns);
}

/* Causes and effects with equal keys, in the order in which they came. */
static int pair_up(const struct ends *causes, const struct ends *effects,
		   struct messages *out)
{
	size_t i = 0, j = 0, k;

	out->message = malloc((causes->count + 1) * sizeof(*out->message));
	if (!out->message)
		return -ENOMEM;
	while (i < causes->count && j < effects->count) {
		size_t n = run_length(causes, i), m = run_length(effects, j);

		if (causes->at[i].key < effects->at[j].key) {
			i += n;
			continue;
		}
		if (causes->at[i].key > effects->at[j].key) {
			j += m;
			continue;
		}
		for (k = 0; n == m && k < n; k++)
			out->message[out->n++] = (struct message){
				causes->at[i + k].ns,
				effects->at[j + k].ns,
			};
		i += n;
		j += m;
	}
	return 0;
}

static void record(struct vmsync_evidence_list *l,
		   enum vmsync_evidence_kind kind, uint32_t cnt, int64_t ns)
{
	l->ev[l->n++] = (struct vmsync_evidence){
		.kind = kind,
		.stamp_ns = ns,
		.pair.mono_ns = ns,
		.vm_uid = 1,
		.vm.pid = 1,
		.cnt = cnt,
	};
}

static int stamp_compare(const void *a, const void *b)
{
	const struct vmsync_evidence *x = a, *y = b;

	if (x->stamp_ns != y->stamp_ns)
		return x->stamp_ns > y->stamp_ns ? 1 : -1;
	return (x->cnt > y->cnt) - (x->cnt < y->cnt);
}

/*
 * For each answer the last request that came before the answer left: the
 * shortest round trip that there is.
 */
static int make_beacons(struct messages *to_host, struct messages *to_guest,
			struct vmsync_evidence_list *host,
			struct vmsync_evidence_list *guest)
{
	size_t i = 0, j, room = 2 * to_guest->n + 1;
	bool fresh = false;
	uint32_t cnt = 0;

	host->ev = malloc(room * sizeof(*host->ev));
	guest->ev = malloc(room * sizeof(*guest->ev));
	if (!host->ev || !guest->ev)
		return -ENOMEM;
	/* Both in the order of the host's clock. */
	qsort(to_host->message, to_host->n, sizeof(struct message),
	      received_compare);
	qsort(to_guest->message, to_guest->n, sizeof(struct message),
	      sent_compare);
	for (j = 0; j < to_guest->n; j++) {
		const struct message *answer = &to_guest->message[j];
		const struct message *request;

		while (i < to_host->n && to_host->message[i].received_ns <=
						 answer->sent_ns) {
			i++;
			fresh = true;
		}
		if (!fresh)
			continue;
		fresh = false;
		request = &to_host->message[i - 1];
		record(guest, VMSYNC_EV_GH_GUEST, cnt, request->sent_ns);
		record(host, VMSYNC_EV_GH_HOST, cnt, request->received_ns);
		record(host, VMSYNC_EV_HG_HOST, cnt + 1, answer->sent_ns);
		record(guest, VMSYNC_EV_HG_GUEST, cnt + 1,
		       answer->received_ns);
		cnt += 2;
	}
	qsort(host->ev, host->n, sizeof(*host->ev), stamp_compare);
	qsort(guest->ev, guest->n, sizeof(*guest->ev), stamp_compare);
	return 0;
}

int vmsync_exchange_read(const struct vmsync_exchange *x,
			 const struct vmsync_machine *host,
			 const struct vmsync_machine *guest,
			 struct vmsync_evidence_list *host_list,
			 struct vmsync_evidence_list *guest_list,
			 struct ctf_error *e)
{
	struct ends host_causes = { 0 }, host_effects = { 0 };
	struct ends guest_causes = { 0 }, guest_effects = { 0 };
	struct messages to_host = { 0 }, to_guest = { 0 };
	int ret;

	memset(host_list, 0, sizeof(*host_list));
	memset(guest_list, 0, sizeof(*guest_list));
	ret = ends_read(x, host, &host_causes, &host_effects, e);
	if (!ret)
		ret = ends_read(x, guest, &guest_causes, &guest_effects, e);
	if (!ret && (pair_up(&guest_causes, &host_effects, &to_host) ||
		     pair_up(&host_causes, &guest_effects, &to_guest) ||
		     make_beacons(&to_host, &to_guest, host_list, guest_list)))
		ret = vmsync_fail_memory(e);
	if (!ret && host_list->n < 8)
		ret = vmsync_fail(e, -EINVAL,
				  "check the names of events and fields in "
				  "--match, and that both directions were "
				  "recorded",
				  "%.400s: exchanges too few messages with the "
				  "first machine",
				  ctf_trace_path(guest->traces[0]));
	vmsync_array_free(&host_causes);
	vmsync_array_free(&host_effects);
	vmsync_array_free(&guest_causes);
	vmsync_array_free(&guest_effects);
	free(to_host.message);
	free(to_guest.message);
	return ret;
}
