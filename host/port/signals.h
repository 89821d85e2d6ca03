/* SPDX-License-Identifier: MIT */
/* What ends a program ends its loop, not what it is about to do. */
#ifndef VMSYNC_PORT_SIGNALS_H
#define VMSYNC_PORT_SIGNALS_H

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>

/**
 * vmsync_port_signals() - have SIGINT, SIGTERM and SIGHUP come by a descriptor
 * Return: the descriptor, readable when one came, or -1 with errno set.
 */
static inline int vmsync_port_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -1;
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

#endif /* VMSYNC_PORT_SIGNALS_H */
