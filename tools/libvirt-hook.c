// SPDX-License-Identifier: MIT
/*
 * A hook of libvirt, /etc/libvirt/hooks/qemu.d/vmsync: tells vmsyncd that a domain
 * comes or goes, so that it looks at once.
 *
 * Libvirt does not start a domain whose hook fails, and waits for as long as one runs.
 * So this one sends one message, which never waits, and succeeds whatever becomes of
 * it: vmsyncd looks by itself each second anyhow. It does not read the definition that
 * it is given, prints nothing, and asks nothing of libvirt, which would hang.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#ifndef VMSYNC_HOOK_PATH
#define VMSYNC_HOOK_PATH "/run/vmsync/hook"
#endif

/* libvirt-hook DOMAIN OPERATION SUB-OPERATION EXTRA; a name may be anything. */
int main(int argc, char **argv)
{
	static const struct sockaddr_un addr = {
		.sun_family = AF_UNIX,
		.sun_path = VMSYNC_HOOK_PATH,
	};
	char line[512];
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return 0;
	snprintf(line, sizeof(line), "%s %s\n", argc > 2 ? argv[2] : "",
		 argc > 1 ? argv[1] : "");
	sendto(fd, line, strlen(line), MSG_DONTWAIT | MSG_NOSIGNAL,
	       (const struct sockaddr *)&addr, sizeof(addr));
	return 0;
}
