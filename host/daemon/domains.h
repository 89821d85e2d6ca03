/* SPDX-License-Identifier: MIT */
/*
 * Libvirt's running domains, of which it keeps a file each in a folder that is root's.
 * Nothing is asked of libvirt: a daemon that hangs, or is started anew, holds up
 * nobody.
 */
#ifndef VMSYNC_DAEMON_DOMAINS_H
#define VMSYNC_DAEMON_DOMAINS_H

#include "daemon/guest.h"

#define VMSYNC_DOMAINS_DIR "/run/libvirt/qemu"

/**
 * struct vmsync_domains - what is watched
 * @dir:	the folder, NULL: none
 * @fd:		of inotify, readable where something changed
 * @watch:	-1 while the folder is not there
 * @due_ns:	the next time to look, whatever was told
 * @seen_ns:	the last time
 */
struct vmsync_domains {
	const char *dir;
	int fd;
	int watch;
	uint64_t due_ns;
	uint64_t seen_ns;
};

/** vmsync_domains_open() - begin to watch; 0 or a negative errno */
int vmsync_domains_open(struct vmsync_domains *d, const char *dir);

/** vmsync_domains_changed() - something came or went: look soon */
void vmsync_domains_changed(struct vmsync_domains *d, uint64_t now_ns);

/** vmsync_domains_work() - look where it is time, and have @g as it is there */
void vmsync_domains_work(struct vmsync_domains *d, struct vmsync_guests *g,
			 uint64_t now_ns);

#endif /* VMSYNC_DAEMON_DOMAINS_H */
