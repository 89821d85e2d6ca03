/* SPDX-License-Identifier: MIT */
/*
 * A connection to a relayd over TCP, which never waits for longer than it is told to,
 * and at once for nothing any more where all is to end.
 */
#ifndef VMSYNC_LIVE_LINK_H
#define VMSYNC_LIVE_LINK_H

#include "ctf/ctf.h"
#include "live/url.h"

/* An answer that takes longer than this will not come. */
#define LIVE_PATIENCE_MS 10000

/**
 * struct live_link - one connection
 * @fd:		-1: not connected
 * @stop:	a descriptor that becomes readable, and stays it, where all is to end
 * @least:	so many bytes must have come before whoever waits for some is woken
 */
struct live_link {
	int fd;
	int stop;
	int least;
};

/**
 * live_link_open() - connect
 * @l:		its @stop is set
 * Return: 0 or a negative errno, -ECANCELED where all is to end.
 */
int live_link_open(struct live_link *l, const struct live_url *url,
		   struct ctf_error *e);

/** live_link_close() - whether it is open or not */
void live_link_close(struct live_link *l);

/** live_link_send(), live_link_receive() - for struct live_wire; @ctx: the link */
int live_link_send(void *ctx, const void *bytes, size_t n, struct ctf_error *e);
int live_link_receive(void *ctx, void *bytes, size_t n, struct ctf_error *e);

/** live_link_pause() - so long; false where all is to end, then at once */
bool live_link_pause(const struct live_link *l, int ms);

#endif /* VMSYNC_LIVE_LINK_H */
