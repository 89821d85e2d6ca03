/* SPDX-License-Identifier: MIT */
/*
 * What vmsync live does with what came while more comes: it is told how it goes, for
 * Prometheus or as lines of JSON, and it is analysed.
 */
#ifndef VMSYNC_CMD_LIVE_MEANWHILE_H
#define VMSYNC_CMD_LIVE_MEANWHILE_H

#include "live/group.h"

/**
 * struct meanwhile_how - what is to be done; all 0 is nothing
 * @metrics:	a file for Prometheus, which has been looked at; NULL: none
 * @json:	lines to stdout
 * @analyze:	the first one is a host, the others are its guests
 * @vcpus:	tell of each virtual CPU
 * @patience_ns: of the host's recording: so long who is late is waited for
 * @states:	a folder for tables of states, NULL: none
 * @chunk_ns:	so much of the host's time is in one of its chunks
 * @say:	is told, in a line, of what must not be overlooked; its context is NULL
 */
struct meanwhile_how {
	const char *metrics;
	bool json;
	bool analyze;
	bool vcpus;
	int64_t patience_ns;
	const char *states;
	int64_t chunk_ns;
	void (*say)(void *ctx, const char *text);
};

struct meanwhile;

/**
 * meanwhile_new() - before anything comes
 * @how:	must outlive it
 * @m:		[@n], whose stores are there
 * Return: to be freed with meanwhile_free(), or NULL with @e filled in.
 */
struct meanwhile *meanwhile_new(const struct meanwhile_how *how,
				struct live_member *m, size_t n,
				struct ctf_error *e);

/** meanwhile_free() - before the stores are; NULL is fine */
void meanwhile_free(struct meanwhile *w);

/** meanwhile_tick() - for struct live_tick: now and then; @w: the struct meanwhile */
void meanwhile_tick(void *w);

/** meanwhile_end() - nothing more comes; was all done that was to be done? */
bool meanwhile_end(struct meanwhile *w);

#endif /* VMSYNC_CMD_LIVE_MEANWHILE_H */
