/* SPDX-License-Identifier: MIT */
#ifndef VMSYNC_LIVE_URL_H
#define VMSYNC_LIVE_URL_H

#include "live/viewer.h"

enum live_kind {
	LIVE_RELAYD,
	LIVE_FOLLOW, /* a trace that grows */
	LIVE_ROTATE, /* chunks that come whole */
};

/**
 * struct live_url - tcp://HOST[:PORT][/[HOSTNAME/]SESSION], vsock://CID[:PORT]...
 * @kind:	of a folder there is the @text alone
 * @text:	as it was given
 * @is_vsock:	@host is a context ID of AF_VSOCK
 * @host:	where the relayd listens; IPv6 in brackets
 * @port:	5344 if none was given
 * @hostname:	the machine that is traced; "": any
 * @session:	"": none was given
 */
struct live_url {
	enum live_kind kind;
	const char *text;
	bool is_vsock;
	char host[256];
	char port[8];
	char hostname[LIVE_HOSTNAME_LEN + 1];
	char session[LIVE_NAME_LEN + 1];
};

/** live_url_parse() - 0, or -EINVAL and @e */
int live_url_parse(const char *text, struct live_url *url, struct ctf_error *e);

#endif /* VMSYNC_LIVE_URL_H */
