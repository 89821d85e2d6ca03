// SPDX-License-Identifier: MIT
#include "sync/facts/messages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Twice the mean of both clocks: the order is the same for either reference. */
static int64_t when(const struct vmsync_message *m)
{
	int64_t twice;

	if (__builtin_add_overflow(m->guest_ns, m->host_ns, &twice))
		return INT64_MAX;
	return twice;
}

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

/* Of equal ones the one with the greater offset, whoever is the reference. */
static int by_time(const void *a, const void *b)
{
	const struct vmsync_message *x = a, *y = b;
	int64_t p = x->host_ns - x->guest_ns, q = y->host_ns - y->guest_ns;
	int c = order(when(x), when(y));

	return c ? c : order(p < 0 ? -p : p, q < 0 ? -q : q);
}

/** struct couple - message @first and the next one, of the other direction */
struct couple {
	size_t first;
	int64_t apart;
};

static int by_distance(const void *a, const void *b)
{
	const struct couple *x = a, *y = b;

	return x->apart != y->apart ? order(x->apart, y->apart) :
				      (x->first > y->first) -
					      (x->first < y->first);
}

/* @with: for each message where its partner is, itself if it has none. */
static int couple(const struct vmsync_message *m, size_t n, size_t *with)
{
	struct couple *c = malloc((n + 1) * sizeof(*c));
	size_t k = 0;

	if (!c)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		with[i] = i;
		if (i + 1 < n && m[i].to_host != m[i + 1].to_host)
			c[k++] = (struct couple){ i,
						  when(&m[i + 1]) - when(&m[i]) };
	}
	qsort(c, k, sizeof(*c), by_distance);
	for (size_t i = 0; i < k; i++) {
		size_t a = c[i].first, b = a + 1;

		if (with[a] != a || with[b] != b)
			continue;
		with[a] = b;
		with[b] = a;
	}
	free(c);
	return 0;
}

struct vmsync_evidence vmsync_leg_evidence(const struct vmsync_leg_record *leg)
{
	return (struct vmsync_evidence){
		.kind = (enum vmsync_evidence_kind)leg->kind,
		.stamp_ns = leg->ns,
		.pair.mono_ns = leg->ns,
		.vm_uid = 1,
		.vm.pid = 1,
		.cnt = leg->cnt,
	};
}

static void record(struct vmsync_leg_records *l,
		   enum vmsync_evidence_kind kind, uint32_t cnt, int64_t ns)
{
	l->leg[l->n++] = (struct vmsync_leg_record){ ns, cnt, (uint8_t)kind };
}

static void record_both(const struct vmsync_message *m, uint32_t cnt,
			struct vmsync_leg_records *host,
			struct vmsync_leg_records *guest)
{
	if (m->to_host) {
		record(guest, VMSYNC_EV_GH_GUEST, cnt, m->guest_ns);
		record(host, VMSYNC_EV_GH_HOST, cnt, m->host_ns);
	} else {
		record(host, VMSYNC_EV_HG_HOST, cnt + 1, m->host_ns);
		record(guest, VMSYNC_EV_HG_GUEST, cnt + 1, m->guest_ns);
	}
}

int vmsync_messages_records(struct vmsync_message *m, size_t n,
			    struct vmsync_leg_records *host,
			    struct vmsync_leg_records *guest)
{
	size_t *with = malloc((n + 1) * sizeof(*with));
	uint32_t cnt = 0;
	int err = with ? 0 : -ENOMEM;

	host->n = guest->n = 0;
	host->leg = malloc((n + 1) * sizeof(*host->leg));
	guest->leg = malloc((n + 1) * sizeof(*guest->leg));
	if (!host->leg || !guest->leg)
		err = -ENOMEM;
	if (!err && n)
		qsort(m, n, sizeof(*m), by_time);
	if (!err)
		err = couple(m, n, with);
	for (size_t i = 0; !err && i < n; i++) {
		/* Its partner came before it, with the same number. */
		if (with[i] < i)
			continue;
		record_both(&m[i], cnt, host, guest);
		if (with[i] > i)
			record_both(&m[with[i]], cnt, host, guest);
		cnt += 2;
	}
	free(with);
	return err;
}
