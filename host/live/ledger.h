/* SPDX-License-Identifier: MIT */
/*
 * What is whole of all that one relayd sends: the files of each session's streams, up
 * to which byte, and up to which time nothing is missing. Whoever keeps it writes
 * here, and who reads the files while they grow looks here, from another thread.
 */
#ifndef VMSYNC_LIVE_LEDGER_H
#define VMSYNC_LIVE_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct live_ledger;

/**
 * struct live_file - a stream of packets
 * @folder, @name: of its file; as long as the ledger lives
 * @size:	bytes of whole packets
 * @metadata:	bytes of the folder's metadata that these need
 * @lost_until:	end of the last packet that is lost, raw clock value; 0: none
 */
struct live_file {
	const char *folder;
	const char *name;
	uint64_t size;
	uint64_t metadata;
	uint64_t lost_until;
};

/**
 * struct live_whole - a session
 * @file:	[@n] owned; those that were there keep their numbers
 * @until:	no event before it is still to come, raw clock value; 0: not known
 * @ended:	nothing is to come any more
 */
struct live_whole {
	struct live_file *file;
	size_t n;
	uint64_t until;
	bool ended;
};

/** live_ledger_new() - nothing came; NULL if out of memory */
struct live_ledger *live_ledger_new(void);

/** live_ledger_free() - NULL is fine */
void live_ledger_free(struct live_ledger *l);

/**
 * live_ledger_file() - a stream of the session that comes has a file
 * @number:	its number from now on
 * Return: 0 or -ENOMEM.
 */
int live_ledger_file(struct live_ledger *l, const char *folder,
		     const char *name, size_t *number);

/** live_ledger_packet() - a packet more is whole */
void live_ledger_packet(struct live_ledger *l, size_t number, uint64_t size,
			uint64_t metadata);

/** live_ledger_lost() - a packet that ends at @until, raw clock value, is lost */
void live_ledger_lost(struct live_ledger *l, size_t number, uint64_t until);

/** live_ledger_until() - all is there up to that time */
void live_ledger_until(struct live_ledger *l, uint64_t until);

/** live_ledger_end() - the session has ended; what comes is another one */
void live_ledger_end(struct live_ledger *l);

/**
 * live_ledger_look() - how it stands
 * @session:	counted from 0
 * @out:	empty, or of an earlier look at the same session
 * Return: 1; 0 where there is no such session yet; or -ENOMEM.
 */
int live_ledger_look(struct live_ledger *l, size_t session,
		     struct live_whole *out);

#endif /* VMSYNC_LIVE_LEDGER_H */
