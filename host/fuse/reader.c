// SPDX-License-Identifier: MIT
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/decode.h"
#include "fuse/losses.h"
#include "fuse/reader.h"

struct vmsync_reader {
	struct ctf_merge *merge;
	struct vmsync_decoders **decoders; /* by source of the merge */
	size_t n;
	struct vmsync_losses losses;
	size_t next_loss;
	const struct ctf_event *held; /* read already, but a loss comes first */
};

static void raw_time(void *ctx, const uint64_t *in, uint64_t *out, size_t n)
{
	(void)ctx;
	memcpy(out, in, n * sizeof(*out));
}

const struct ctf_map vmsync_raw_map = { .fn = raw_time };

static int out_of_memory(struct ctf_error *e)
{
	memset(e, 0, sizeof(*e));
	e->code = -ENOMEM;
	strcpy(e->msg, "out of memory");
	return -ENOMEM;
}

static int add_trace(struct vmsync_reader *r, const struct ctf_trace *t,
		     struct ctf_error *e)
{
	struct vmsync_decoders *d = vmsync_decoders_new(t);
	int source;

	if (!d)
		return out_of_memory(e);
	r->decoders[r->n++] = d;
	source = ctf_merge_add_want(r->merge, t, &vmsync_raw_map,
				    vmsync_decoders_want(d), e);
	if (source < 0)
		return source;
	return vmsync_losses_find(&r->losses, t, e);
}

struct vmsync_reader *vmsync_reader_new(struct ctf_trace *const *traces,
					size_t n, struct ctf_error *e)
{
	struct vmsync_reader *r = calloc(1, sizeof(*r));
	size_t i;

	if (!r) {
		out_of_memory(e);
		return NULL;
	}
	r->merge = ctf_merge_new();
	r->decoders = calloc(n + 1, sizeof(*r->decoders));
	if (!r->merge || !r->decoders) {
		out_of_memory(e);
		goto fail;
	}
	for (i = 0; i < n; i++) {
		if (add_trace(r, traces[i], e))
			goto fail;
	}
	return r;
fail:
	vmsync_reader_free(r);
	return NULL;
}

void vmsync_reader_free(struct vmsync_reader *r)
{
	size_t i;

	if (!r)
		return;
	ctf_merge_free(r->merge);
	for (i = 0; i < r->n; i++)
		vmsync_decoders_free(r->decoders[i]);
	free(r->decoders);
	vmsync_losses_free(&r->losses);
	free(r);
}

static void loss_record(const struct vmsync_loss *loss,
			struct vmsync_evidence *ev)
{
	memset(ev, 0, sizeof(*ev));
	ev->kind = VMSYNC_EV_LOST;
	ev->stamp_ns = loss->from_ns;
	ev->until_ns = loss->until_ns;
	ev->count = loss->count;
}

int vmsync_reader_next(struct vmsync_reader *r, struct vmsync_evidence *ev,
		       struct ctf_error *e)
{
	const struct vmsync_loss *loss = NULL;
	int ret;

	if (!r->held) {
		ret = ctf_merge_next(r->merge, &r->held, e);
		if (ret < 0)
			return ret;
		if (!ret)
			r->held = NULL;
	}
	if (r->next_loss < r->losses.n)
		loss = &r->losses.loss[r->next_loss];
	if (loss && (!r->held || (int64_t)r->held->clock >= loss->from_ns)) {
		loss_record(loss, ev);
		r->next_loss++;
		return 1;
	}
	if (!r->held)
		return 0;
	vmsync_decode(r->decoders[r->held->source], r->held, ev);
	r->held = NULL;
	return 1;
}
