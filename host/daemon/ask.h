/* SPDX-License-Identifier: MIT */
/*
 * What one client of vmsyncd's control socket asks of another one: the flight recorder,
 * "vmsync record --snapshot --on-freeze". vmsyncd knows none of the words: it says who
 * asks, as the kernel tells it, and whose the answer is.
 *
 *	to the recorder		ID, who, TEXT
 *	from it			ID, TEXT		one answer, of which there may be more
 *				ID			that was the last one
 *
 * with a tab between each two. Whoever does not take what is sent is hung up on; so
 * nobody waits for a recorder, nor it for anybody.
 */
#ifndef VMSYNC_DAEMON_ASK_H
#define VMSYNC_DAEMON_ASK_H

#include <stdbool.h>
#include <stdint.h>

/* One for each guest that is recorded, and as many as may ask meanwhile. */
#define VMSYNC_CONTROL_RECORDED 480
#define VMSYNC_CONTROL_CLIENTS	(VMSYNC_CONTROL_RECORDED + 32)

/**
 * struct vmsync_client - who is connected
 * @fd:		-1: nobody
 * @listing:	gets the list; @told is the serial of the guest that was last in it
 * @guest:	serial of the guest whose recording it asks for, 0: none
 * @recorder:	it is the one that is asked
 * @ask:	number of what it asked of that one, 0: nothing
 * @uid, @pid:	whose it is
 */
struct vmsync_client {
	int fd;
	bool listing;
	bool greeted;
	uint64_t told;
	uint64_t guest;
	bool recorder;
	uint32_t ask;
	uint32_t uid;
	int32_t pid;
};

/** vmsync_client_say() - send it a message; false: it does not take it */
bool vmsync_client_say(const struct vmsync_client *client, const char *text);

/** vmsync_ask_recorder() - there is one already, or NULL */
struct vmsync_client *vmsync_ask_recorder(struct vmsync_client *all);

/**
 * vmsync_ask() - @client asks the recorder @text
 * @number:	a new one
 * Return: NULL, or why it cannot, a message for the client.
 */
const char *vmsync_ask(struct vmsync_client *all, struct vmsync_client *client,
		       uint32_t number, const char *text);

/**
 * vmsync_ask_answer() - what the recorder sent goes to who asked
 * Return: a client to hang up on: that was its last answer, or it takes none; or NULL.
 */
struct vmsync_client *vmsync_ask_answer(struct vmsync_client *all, char *text);

#endif /* VMSYNC_DAEMON_ASK_H */
