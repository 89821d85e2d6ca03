// SPDX-License-Identifier: MIT
#include "freeze/nats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "freeze/library.h"
#include "fuse/fail.h"

#ifdef VMSYNC_NATS
#include <nats/nats.h>

#define FUNCTIONS(F)								\
	F(natsConnection_Connect) F(natsConnection_Destroy)			\
	F(natsConnection_FlushTimeout) F(natsConnection_GetLastError)		\
	F(natsConnection_PublishString) F(natsConnection_RequestString)		\
	F(natsConnection_SubscribeSync) F(natsMsg_Destroy)			\
	F(natsMsg_GetData) F(natsMsg_GetDataLength) F(natsMsg_GetReply)		\
	F(natsOptions_Create) F(natsOptions_Destroy)				\
	F(natsOptions_LoadCATrustedCertificates)				\
	F(natsOptions_LoadCertificatesChain) F(natsOptions_SetErrorHandler)	\
	F(natsOptions_SetMaxReconnect) F(natsOptions_SetName)			\
	F(natsOptions_SetReconnectWait) F(natsOptions_SetSecure)		\
	F(natsOptions_SetServers) F(natsOptions_SetTimeout)			\
	F(natsStatus_GetText) F(natsSubscription_Destroy)			\
	F(natsSubscription_NextMsg) F(nats_GetLastError)

static struct {
	FUNCTIONS(LIBRARY_POINTER)
} lib;

static const char *const names[] = { FUNCTIONS(LIBRARY_NAME) NULL };

#define MOST_SERVERS 16
#define CONNECT_MS   2000

/* A message is told so often, each time with so much patience for an answer. */
#define TELL_TIMES   20
#define TELL_MS	     250

/* Messages that may come again: those of the last moments. */
#define REMEMBERED 64

struct freeze_nats {
	natsConnection *connection;
	natsSubscription *subscription;
	uint64_t heard[REMEMBERED];
	size_t next;
};

/* What the library writes by itself on standard error says no more than we do. */
static void quiet(natsConnection *c, natsSubscription *s, natsStatus status,
		  void *ctx)
{
	(void)c, (void)s, (void)status, (void)ctx;
}

static natsStatus servers_set(natsOptions *o, const char *urls)
{
	const char *server[MOST_SERVERS], *p;
	char *copy = strdup(urls), *rest;
	natsStatus s = NATS_NO_MEMORY;
	int n = 0;

	if (!copy)
		return s;
	for (p = strtok_r(copy, ",", &rest); p && n < MOST_SERVERS;
	     p = strtok_r(NULL, ",", &rest))
		server[n++] = p;
	s = lib.natsOptions_SetServers(o, server, n);
	free(copy);
	return s;
}

static natsStatus tls_set(natsOptions *o, const char *dir)
{
	char ca[4200], cert[4200], key[4200];
	natsStatus s;

	snprintf(ca, sizeof(ca), "%.4000s/ca.pem", dir);
	snprintf(cert, sizeof(cert), "%.4000s/cert.pem", dir);
	snprintf(key, sizeof(key), "%.4000s/key.pem", dir);
	s = lib.natsOptions_SetSecure(o, true);
	if (s == NATS_OK)
		s = lib.natsOptions_LoadCATrustedCertificates(o, ca);
	if (s == NATS_OK)
		s = lib.natsOptions_LoadCertificatesChain(o, cert, key);
	return s;
}

/* It reconnects as often as it takes, to any of the servers. */
static natsStatus options_set(natsOptions *o, const char *urls, const char *tls)
{
	natsStatus s = servers_set(o, urls);

	if (s == NATS_OK && tls)
		s = tls_set(o, tls);
	if (s == NATS_OK)
		s = lib.natsOptions_SetName(o, "vmsync freeze");
	if (s == NATS_OK)
		s = lib.natsOptions_SetTimeout(o, CONNECT_MS);
	if (s == NATS_OK)
		s = lib.natsOptions_SetMaxReconnect(o, -1);
	if (s == NATS_OK)
		s = lib.natsOptions_SetReconnectWait(o, TELL_MS / 2);
	if (s == NATS_OK)
		s = lib.natsOptions_SetErrorHandler(o, quiet, NULL);
	return s;
}

struct freeze_nats *freeze_nats_open(const char *urls, const char *tls,
				     struct ctf_error *e)
{
	struct freeze_nats *n;
	natsOptions *o = NULL;
	natsStatus s;
	const char *why;

	if (library_load(VMSYNC_NATS, names, &lib, e))
		return NULL;
	n = calloc(1, sizeof(*n));
	s = n ? lib.natsOptions_Create(&o) : NATS_NO_MEMORY;
	if (s == NATS_OK)
		s = options_set(o, urls, tls);
	if (s == NATS_OK)
		s = lib.natsConnection_Connect(&n->connection, o);
	lib.natsOptions_Destroy(o);
	if (s == NATS_OK)
		return n;
	why = lib.nats_GetLastError(NULL);
	vmsync_fail(e, -ENOTCONN, tls ? "are its certificate and ours of one authority?" :
					"does it want --tls?",
		    "NATS at %.200s: %.200s", urls,
		    why && *why ? why : lib.natsStatus_GetText(s));
	freeze_nats_close(n);
	return NULL;
}

/* A server refuses a subject by an error that comes before its answer to a ping. */
static bool refused(struct freeze_nats *n)
{
	const char *why = NULL;

	lib.natsConnection_GetLastError(n->connection, &why);
	return why && strstr(why, "ermission");
}

static int fail(struct freeze_nats *n, const char *subject, const char *what,
		struct ctf_error *e)
{
	if (refused(n))
		return vmsync_fail(e, -EACCES, "the server's permissions say what one may",
				   "NATS: we may not use the subject %.200s", subject);
	return vmsync_fail(e, -EIO, "", "NATS: %.200s: %s", subject, what);
}

int freeze_nats_listen(struct freeze_nats *n, const char *subject,
		       struct ctf_error *e)
{
	natsStatus s = lib.natsConnection_SubscribeSync(&n->subscription,
							n->connection, subject);

	if (s == NATS_OK)
		s = lib.natsConnection_FlushTimeout(n->connection, CONNECT_MS);
	if (s == NATS_OK && !refused(n))
		return 0;
	return fail(n, subject, lib.natsStatus_GetText(s), e);
}

static bool is_new(struct freeze_nats *n, uint64_t id)
{
	size_t i;

	for (i = 0; i < REMEMBERED; i++) {
		if (n->heard[i] == id)
			return false;
	}
	n->heard[n->next++ % REMEMBERED] = id;
	return true;
}

/* ID TEXT; one that somebody else's program sent has no number, and is always new. */
static bool take(struct freeze_nats *n, const natsMsg *m, char *what, size_t size)
{
	char text[FREEZE_NATS_TEXT], *end;
	uint64_t id;

	snprintf(text, sizeof(text), "%.*s", lib.natsMsg_GetDataLength(m),
		 lib.natsMsg_GetData(m));
	id = strtoull(text, &end, 16);
	if (end - text != 16 || *end != ' ' || !id) {
		snprintf(what, size, "%s", text);
		return true;
	}
	snprintf(what, size, "%s", end + 1);
	return is_new(n, id);
}

int freeze_nats_wait(struct freeze_nats *n, char *what, size_t size,
		     struct ctf_error *e)
{
	natsMsg *m;
	natsStatus s;
	bool new;

	for (;;) {
		m = NULL;
		s = lib.natsSubscription_NextMsg(&m, n->subscription, 10 * CONNECT_MS);
		if (s == NATS_CONNECTION_CLOSED || s == NATS_INVALID_SUBSCRIPTION)
			return vmsync_fail(e, -ECONNRESET, "", "NATS: %s",
					   lib.natsStatus_GetText(s));
		if (s != NATS_OK)
			continue;
		if (lib.natsMsg_GetReply(m))
			lib.natsConnection_PublishString(n->connection,
						     lib.natsMsg_GetReply(m), "heard");
		new = take(n, m, what, size);
		lib.natsMsg_Destroy(m);
		if (new)
			return 0;
	}
}

int freeze_nats_tell(struct freeze_nats *n, const char *subject,
		     const char *text, struct ctf_error *e)
{
	char line[FREEZE_NATS_TEXT + 32];
	natsMsg *answer = NULL;
	natsStatus s = NATS_OK;
	uint64_t id = 0;
	int i;

	if (getrandom(&id, sizeof(id), 0) < 0)
		return vmsync_fail(e, -errno, "", "no random number");
	snprintf(line, sizeof(line), "%016" PRIx64 " %.200s", id | 1, text);
	for (i = 0; i < TELL_TIMES; i++) {
		s = lib.natsConnection_RequestString(&answer, n->connection, subject,
						 line, TELL_MS);
		if (s == NATS_OK) {
			lib.natsMsg_Destroy(answer);
			return 0;
		}
		if (refused(n))
			break;
		/* Nobody listens, perhaps since a server is just gone. */
		if (s != NATS_TIMEOUT)
			usleep(TELL_MS * 1000 / 2);
	}
	return fail(n, subject, "nobody answers there", e);
}

void freeze_nats_close(struct freeze_nats *n)
{
	if (!n)
		return;
	lib.natsSubscription_Destroy(n->subscription);
	lib.natsConnection_Destroy(n->connection);
	free(n);
}

#else

struct freeze_nats *freeze_nats_open(const char *urls, const char *tls,
				     struct ctf_error *e)
{
	(void)tls;
	vmsync_fail(e, -ENOSYS, "install libnats-dev and build it again",
		    "%.200s: vmsync was built without NATS", urls);
	return NULL;
}

int freeze_nats_listen(struct freeze_nats *n, const char *subject,
		       struct ctf_error *e)
{
	(void)n;
	return vmsync_fail(e, -ENOSYS, "", "no NATS for %.200s", subject);
}

int freeze_nats_wait(struct freeze_nats *n, char *what, size_t size,
		     struct ctf_error *e)
{
	(void)what, (void)size;
	return freeze_nats_listen(n, "", e);
}

int freeze_nats_tell(struct freeze_nats *n, const char *subject,
		     const char *text, struct ctf_error *e)
{
	(void)text;
	return freeze_nats_listen(n, subject, e);
}

void freeze_nats_close(struct freeze_nats *n)
{
	(void)n;
}

#endif /* VMSYNC_NATS */
