/* SPDX-License-Identifier: MIT */
/*
 * 128-bit integers: names, and division that rounds down or up.
 */
#ifndef VMSYNC_SYNC_BASE_WIDE_H
#define VMSYNC_SYNC_BASE_WIDE_H

__extension__ typedef __int128 int128;
__extension__ typedef unsigned __int128 uint128;

/* @d > 0 */
static inline int128 wide_div_floor(int128 n, int128 d)
{
	int128 q = n / d;

	return n % d < 0 ? q - 1 : q;
}

static inline int128 wide_div_ceil(int128 n, int128 d)
{
	int128 q = n / d;

	return n % d > 0 ? q + 1 : q;
}

static inline int128 wide_abs(int128 n)
{
	return n < 0 ? -n : n;
}

#endif /* VMSYNC_SYNC_BASE_WIDE_H */
