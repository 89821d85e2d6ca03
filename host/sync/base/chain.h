/* SPDX-License-Identifier: MIT */
/*
 * The chain: host TSC -> guest TSC -> (kvm-clock) -> guest CLOCK_MONOTONIC, and
 * host TSC -> host CLOCK_MONOTONIC, while none of the parameters changes.
 *
 * Values are real numbers as fixed point, ns << 32 ("q32"), without the
 * rounding that the kernels do; how much that can take away is told apart.
 * Everything is checked for overflow: parameters may be a liar's.
 */
#ifndef VMSYNC_SYNC_BASE_CHAIN_H
#define VMSYNC_SYNC_BASE_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "sync/base/wide.h"
#include "sync/base/evidence.h"

#define Q32 ((int128)1 << 32)

/**
 * struct vmsync_chain - parameters in force together
 * @pv:		NULL unless the guest's line counts kvm-clock
 */
struct vmsync_chain {
	const struct vmsync_line *host;
	const struct vmsync_line *guest;
	const struct vmsync_scaling *scaling;
	const struct vmsync_pvclock *pv;
};

/** vmsync_scaling_guest - guest TSC of a host TSC, as the CPU computes it */
uint64_t vmsync_scaling_guest(const struct vmsync_scaling *s, uint64_t host);

/**
 * vmsync_scaling_host - the host TSC nearest to @near that reads @guest
 * To within a guest cycle: the ratio may skip or repeat values.
 * Returns false where the ratio makes that impossible.
 */
bool vmsync_scaling_host(const struct vmsync_scaling *s, uint64_t guest,
			 uint64_t near, uint64_t *host);

/** vmsync_scaling_is_one - whether the TSC goes as fast as the host's */
bool vmsync_scaling_is_one(const struct vmsync_scaling *s);

/** vmsync_scaling_same - whether two are the same map */
bool vmsync_scaling_same(const struct vmsync_scaling *a,
			 const struct vmsync_scaling *b);

/** vmsync_pvclock_same - whether two pages are the same line, to 1 ns */
bool vmsync_pvclock_same(const struct vmsync_pvclock *a,
			 const struct vmsync_pvclock *b);

/** vmsync_pvclock_read - kvm-clock at guest TSC @tsc, q32; false: overflow */
bool vmsync_pvclock_read(const struct vmsync_pvclock *pv, uint64_t tsc,
			 int128 *q32);

/** vmsync_line_usable - a line that counts what the chain can follow */
bool vmsync_line_usable(const struct vmsync_line *line);

/** vmsync_line_same - whether two lines agree wherever they are read */
bool vmsync_line_same(const struct vmsync_line *a,
		      const struct vmsync_line *b);

/**
 * vmsync_line_read - a kernel's clock when its own TSC read @tsc, q32
 * @pv:		the page, for a line that counts kvm-clock
 * Returns false on overflow, or where the line counts something else.
 */
bool vmsync_line_read(const struct vmsync_line *line,
		      const struct vmsync_pvclock *pv, uint64_t tsc,
		      int128 *q32);

/** vmsync_chain_host - host clock at host TSC @tsc, q32; false: overflow */
bool vmsync_chain_host(const struct vmsync_line *host, uint64_t tsc,
		       int128 *q32);

/** vmsync_chain_guest - guest clock at host TSC @tsc, q32; false: overflow */
bool vmsync_chain_guest(const struct vmsync_chain *c, uint64_t tsc,
			int128 *q32);

/**
 * vmsync_chain_kvmclock - kvm-clock itself at host TSC @tsc, q32, by page @pv
 * Returns false on overflow, or where @scaling or @pv is NULL.
 */
bool vmsync_chain_kvmclock(const struct vmsync_scaling *scaling,
			   const struct vmsync_pvclock *pv, uint64_t tsc,
			   int128 *q32);

/**
 * vmsync_chain_loss - most that rounding takes from a guest reading, q32
 * A reading r of the true value x satisfies x - loss < r <= x.
 */
bool vmsync_chain_loss(const struct vmsync_chain *c, int128 *q32);

#endif /* VMSYNC_SYNC_BASE_CHAIN_H */
