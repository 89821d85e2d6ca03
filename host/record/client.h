/* SPDX-License-Identifier: MIT */
/*
 * The tool's end of vmsyncd's control socket (host/daemon/control.h says what goes
 * over it).
 */
#ifndef VMSYNC_RECORD_CLIENT_H
#define VMSYNC_RECORD_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/types.h>

#include "ctf/ctf.h"
#include "port/frame.h"

#define VMSYNC_CLIENT_PATH "/run/vmsync/control"

/** struct vmsync_client_list - what vmsyncd knows: objects of JSON, a key a line */
struct vmsync_client_list {
	char *daemon;
	char **guest;
	size_t n;
};

/** vmsync_client_list() - ask the vmsyncd at @path; 0, or a negative errno and @e */
int vmsync_client_list(const char *path, struct vmsync_client_list *list,
		       struct ctf_error *e);

/** vmsync_client_free() - of a list */
void vmsync_client_free(struct vmsync_client_list *list);

/**
 * vmsync_client_field() - a value of an object, as JSON writes it, strings without
 * their quotes
 * Return: it was there and fits @size.
 */
bool vmsync_client_field(const char *object, const char *key, char *out,
			 size_t size);

/**
 * vmsync_client_called() - is a guest meant?
 * @name, @uuid: of the guest, as vmsync_client_field() gives them
 * @by:		what somebody calls it: its name or its uuid
 */
bool vmsync_client_called(const char *name, const char *uuid, const char *by);

/**
 * vmsync_client_attach() - ask the agent of the guest with @serial from now on
 * Return: a descriptor that does not block, or a negative errno and @e.
 */
int vmsync_client_attach(const char *path, uint64_t serial, struct ctf_error *e);

/**
 * vmsync_client_recorder() - be the flight recorder that others ask from now on
 * (host/daemon/ask.h)
 * Return: a descriptor that does not block, or a negative errno and @e.
 */
int vmsync_client_recorder(const char *path, struct ctf_error *e);

/** vmsync_client_ask() - ask the flight recorder; a descriptor, or -errno and @e */
int vmsync_client_ask(const char *path, const char *text, struct ctf_error *e);

/**
 * vmsync_client_answer() - wait for one more answer to that
 * Return: its bytes, 0: that was all, or a negative errno and @e.
 */
ssize_t vmsync_client_answer(int fd, const char *path, char *text, size_t size,
			     struct ctf_error *e);

/** vmsync_client_send() - a request; 0 or a negative errno, -EAGAIN: not now */
int vmsync_client_send(int fd, const struct vmsync_port_frame *frame);

/** vmsync_client_take() - an answer; 0, -EAGAIN: none; -ECONNRESET: it is the end */
int vmsync_client_take(int fd, struct vmsync_port_frame *frame);

#endif /* VMSYNC_RECORD_CLIENT_H */
