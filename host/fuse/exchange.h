/* SPDX-License-Identifier: MIT */
/*
 * Messages that the user names: an event of one machine that is the cause of an
 * event of the other, told to belong together by equal fields. Packets sent and
 * received serve as beacons between machines that share nothing else.
 */
#ifndef VMSYNC_FUSE_EXCHANGE_H
#define VMSYNC_FUSE_EXCHANGE_H

#include "ctf/ctf.h"
#include "fuse/machine.h"
#include "sync/facts/messages.h"

#define VMSYNC_EXCHANGE_KEYS 8

/**
 * struct vmsync_exchange - cause=EVENT,effect=EVENT,key=FIELD[,FIELD...]
 * @text:	what the names below point into, owned
 */
struct vmsync_exchange {
	char *text;
	const char *cause;
	const char *effect;
	const char *key[VMSYNC_EXCHANGE_KEYS];
	unsigned int n_keys;
};

/** vmsync_exchange_parse() - 0, -ENOMEM, or -EINVAL with @e filled in */
int vmsync_exchange_parse(const char *text, struct vmsync_exchange *x,
			  struct ctf_error *e);
void vmsync_exchange_free(struct vmsync_exchange *x);

/**
 * vmsync_exchange_read() - the messages between two machines
 * @host, @guest: the reference, and who is put on its clock
 * @messages:	empty; to be freed by the caller, after an error too
 *
 * A cause is paired with an effect of the other machine where the key fields
 * are equal; where a key occurs several times, in order, if both sides have it
 * as often, else not at all. Return: 0 or a negative errno; too few, or in one
 * direction only, is an error, and so are messages that contradict each other.
 * They are in the order of the guest's time.
 */
int vmsync_exchange_read(const struct vmsync_exchange *x,
			 struct vmsync_machine *host,
			 struct vmsync_machine *guest,
			 vmsync_messages *messages, struct ctf_error *e);

/** vmsync_messages_to_host() - how many of them went to the first machine */
size_t vmsync_messages_to_host(const vmsync_messages *m);

#endif /* VMSYNC_FUSE_EXCHANGE_H */
