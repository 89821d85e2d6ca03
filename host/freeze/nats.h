/* SPDX-License-Identifier: MIT */
/*
 * Messages of NATS's as a condition, and to other hosts. Who tells asks for an answer and
 * tells again until there is one, so that no message is lost with a server; who listens
 * answers each, and takes one that comes again for the same. It needs libnats, which may
 * not be there: then opening one says so.
 */
#ifndef VMSYNC_FREEZE_NATS_H
#define VMSYNC_FREEZE_NATS_H

#include <stddef.h>

#include "ctf/ctf.h"

#define FREEZE_NATS_TEXT 256

struct freeze_nats;

/**
 * freeze_nats_open() - connect
 * @urls:	of servers, with commas between them; any will do
 * @tls:	folder of ca.pem, cert.pem and key.pem; NULL: no TLS
 * Return: NULL and @e where it cannot be.
 */
struct freeze_nats *freeze_nats_open(const char *urls, const char *tls,
				     struct ctf_error *e);

/** freeze_nats_listen() - to @subject, from now on; 0, or a negative errno and @e */
int freeze_nats_listen(struct freeze_nats *n, const char *subject,
		       struct ctf_error *e);

/**
 * freeze_nats_wait() - until a message comes that did not come before
 * @what:	its text
 * Return: 0, or a negative errno and @e.
 */
int freeze_nats_wait(struct freeze_nats *n, char *what, size_t size,
		     struct ctf_error *e);

/**
 * freeze_nats_tell() - who listens to @subject, until one of them answers
 * Return: 0, or a negative errno and @e.
 */
int freeze_nats_tell(struct freeze_nats *n, const char *subject,
		     const char *text, struct ctf_error *e);

/** freeze_nats_close() - NULL is fine */
void freeze_nats_close(struct freeze_nats *n);

#endif /* VMSYNC_FREEZE_NATS_H */
