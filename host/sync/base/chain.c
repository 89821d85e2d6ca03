// SPDX-License-Identifier: MIT
/*
 * The chain of affine functions between two kernels' clocks.
 */
#include "sync/base/chain.h"

#include "uapi/vmsync.h"

/* Two pages are one line if they agree to this; anchors are whole ns. */
#define PV_TOLERANCE_NS 1

/* @a * @b, or false */
static bool mul(int128 a, int128 b, int128 *out)
{
	return !__builtin_mul_overflow(a, b, out);
}

static bool add(int128 a, int128 b, int128 *out)
{
	return !__builtin_add_overflow(a, b, out);
}

uint64_t vmsync_scaling_guest(const struct vmsync_scaling *s, uint64_t host)
{
	uint128 p = (uint128)host * s->ratio;

	return (uint64_t)(p >> s->frac_bits) + (uint64_t)s->offset;
}

/* What vmsync_scaling_guest() cuts off, cycles << 32. */
static uint64_t scaling_rest(const struct vmsync_scaling *s, uint64_t host)
{
	uint128 p = (uint128)host * s->ratio;
	uint128 mask = ((uint128)1 << s->frac_bits) - 1;

	return (uint64_t)(((p & mask) << 32) >> s->frac_bits);
}

static bool scaling_valid(const struct vmsync_scaling *s)
{
	return s->ratio != 0 && s->frac_bits <= 63;
}

bool vmsync_scaling_is_one(const struct vmsync_scaling *s)
{
	return s->ratio == (uint64_t)1 << s->frac_bits;
}

bool vmsync_scaling_host(const struct vmsync_scaling *s, uint64_t guest,
			 uint64_t near, uint64_t *host)
{
	int64_t d;
	int128 q, n;

	if (!scaling_valid(s))
		return false;
	d = (int64_t)(guest - vmsync_scaling_guest(s, near));
	if (vmsync_scaling_is_one(s)) {
		*host = near + (uint64_t)d;
		return true;
	}
	n = (int128)d * ((int128)1 << s->frac_bits);
	q = wide_div_ceil(n, s->ratio);
	if (q > INT64_MAX || q < INT64_MIN)
		return false;
	*host = near + (uint64_t)(int64_t)q;
	return true;
}

bool vmsync_scaling_same(const struct vmsync_scaling *a,
			 const struct vmsync_scaling *b)
{
	return a->offset == b->offset && a->ratio == b->ratio &&
	       a->frac_bits == b->frac_bits;
}

/* kvm-clock at @d_q32 cycles after the page's anchor */
static bool pvclock_at(const struct vmsync_pvclock *pv, int128 d_q32,
		       int128 *q32)
{
	int128 v;

	if (pv->shift < -31 || pv->shift > 31)
		return false;
	if (pv->shift >= 0) {
		if (!mul(d_q32, (int128)1 << pv->shift, &v))
			return false;
	} else {
		v = d_q32 >> -pv->shift;
	}
	if (!mul(v, pv->mul, &v))
		return false;
	return add(v >> 32, (int128)pv->system_time_ns * Q32, q32);
}

bool vmsync_pvclock_read(const struct vmsync_pvclock *pv, uint64_t tsc,
			 int128 *q32)
{
	return pvclock_at(pv, (int64_t)(tsc - pv->tsc_timestamp) * Q32, q32);
}

bool vmsync_pvclock_same(const struct vmsync_pvclock *a,
			 const struct vmsync_pvclock *b)
{
	int64_t d = (int64_t)(b->tsc_timestamp - a->tsc_timestamp);
	int128 at;

	if (a->mul != b->mul || a->shift != b->shift)
		return false;
	if (!pvclock_at(a, d * Q32, &at))
		return false;
	at -= (int128)b->system_time_ns * Q32;
	return wide_abs(at) <= PV_TOLERANCE_NS * Q32;
}

bool vmsync_line_usable(const struct vmsync_line *line)
{
	return line->seq && line->mult && line->shift <= 63 &&
	       (line->clocksource == VMSYNC_CLOCKSOURCE_TSC ||
		line->clocksource == VMSYNC_CLOCKSOURCE_KVMCLOCK);
}

/* @line at @d_q32 counts after its anchor */
static bool line_at(const struct vmsync_line *line, int128 d_q32, int128 *q32)
{
	int128 v;

	if (line->shift > 63 || line->xtime_nsec >> 63)
		return false;
	if (!mul(d_q32, line->mult, &v) ||
	    !add(v, (int128)line->xtime_nsec * Q32, &v))
		return false;
	return add(v >> line->shift, (int128)line->base_ns * Q32, q32);
}

bool vmsync_line_same(const struct vmsync_line *a, const struct vmsync_line *b)
{
	int64_t d = (int64_t)(b->cycle_last - a->cycle_last);
	int128 at, anchor;

	if (a->clocksource != b->clocksource || a->mult != b->mult ||
	    a->shift != b->shift)
		return false;
	/* Anchors move along a line without rounding; q32 drops some of it. */
	return line_at(a, d * Q32, &at) && line_at(b, 0, &anchor) &&
	       wide_abs(at - anchor) <= 1;
}

/* @count (q32) less the anchor, modulo 2^64 counts as in the kernel */
static int128 since_anchor(const struct vmsync_line *line, int128 count)
{
	uint64_t whole = (uint64_t)(count >> 32);

	return (int64_t)(whole - line->cycle_last) * Q32 + (count & (Q32 - 1));
}

bool vmsync_line_read(const struct vmsync_line *line,
		      const struct vmsync_pvclock *pv, uint64_t tsc, int128 *q32)
{
	int128 count;

	if (line->clocksource == VMSYNC_CLOCKSOURCE_TSC)
		return vmsync_chain_host(line, tsc, q32);
	if (line->clocksource != VMSYNC_CLOCKSOURCE_KVMCLOCK || !pv->version ||
	    !pvclock_at(pv, (int64_t)(tsc - pv->tsc_timestamp) * Q32, &count))
		return false;
	return line_at(line, since_anchor(line, count), q32);
}

bool vmsync_chain_host(const struct vmsync_line *host, uint64_t tsc,
		       int128 *q32)
{
	int64_t d = (int64_t)(tsc - host->cycle_last);

	return line_at(host, d * Q32, q32);
}

bool vmsync_chain_guest(const struct vmsync_chain *c, uint64_t tsc, int128 *q32)
{
	uint64_t t, rest;
	int128 count;

	if (!scaling_valid(c->scaling))
		return false;
	t = vmsync_scaling_guest(c->scaling, tsc);
	rest = scaling_rest(c->scaling, tsc);
	if (!c->pv) {
		count = (int64_t)(t - c->guest->cycle_last) * Q32 + rest;
		return line_at(c->guest, count, q32);
	}
	count = (int64_t)(t - c->pv->tsc_timestamp) * Q32 + rest;
	if (!pvclock_at(c->pv, count, &count))
		return false;
	return line_at(c->guest, since_anchor(c->guest, count), q32);
}

/* Slope of the line times @q32, rounded up. */
static bool line_scale(const struct vmsync_line *line, int128 q32, int128 *out)
{
	if (!mul(q32, line->mult, out))
		return false;
	*out = (*out >> line->shift) + 1;
	return true;
}

bool vmsync_chain_kvmclock(const struct vmsync_scaling *scaling,
			   const struct vmsync_pvclock *pv, uint64_t tsc,
			   int128 *q32)
{
	static const struct vmsync_line own = {
		.seq = 1,
		.clocksource = VMSYNC_CLOCKSOURCE_KVMCLOCK,
		.mult = 1,
	};
	const struct vmsync_chain chain = {
		.guest = &own,
		.scaling = scaling,
		.pv = pv,
	};

	return scaling && pv && vmsync_chain_guest(&chain, tsc, q32);
}

/*
 * Each level rounds down: the guest TSC to cycles if a ratio is at work, the
 * shift of the pvclock's delta to its units, kvm-clock and the clock to ns.
 */
bool vmsync_chain_loss(const struct vmsync_chain *c, int128 *q32)
{
	int128 loss;

	if (!scaling_valid(c->scaling) || c->guest->shift > 63 ||
	    (c->pv && (c->pv->shift < -31 || c->pv->shift > 31)))
		return false;
	loss = vmsync_scaling_is_one(c->scaling) ? 0 : Q32;
	if (c->pv) {
		if (c->pv->shift >= 0) {
			loss <<= c->pv->shift;
		} else {
			loss = (loss >> -c->pv->shift) + Q32 -
			       (Q32 >> -c->pv->shift);
		}
		loss = ((loss * c->pv->mul) >> 32) + 1 + Q32;
	}
	if (!line_scale(c->guest, loss, &loss))
		return false;
	*q32 = loss + Q32;
	return true;
}
