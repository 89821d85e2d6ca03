// SPDX-License-Identifier: MIT
#include "volume/words.h"

const struct volume_word volume_ops[VOLUME_OPS] = {
	[VOLUME_READ] = { "read", "read" },
	[VOLUME_WRITE] = { "write", "write" },
	[VOLUME_FLUSH] = { "flush", "flush" },
	[VOLUME_DISCARD] = { "discard", "discard" },
	[VOLUME_OTHER] = { "other", "other" },
};

const struct volume_word volume_followeds[VOLUME_FOLLOWED] = {
	[VOLUME_TO_DISK] = { "disk", "to the host's disk and back" },
	[VOLUME_TO_CALL] = { "call", "to QEMU's system call" },
	[VOLUME_NOT] = { "none", "not followed: nothing of QEMU's is at its place" },
	[VOLUME_UNSURE] = { "unsure",
			    "not followed: it cannot be told from another one" },
	[VOLUME_EVENTS_LOST] = { "lost",
				 "not followed: events are missing in its time" },
};

const struct volume_word volume_places[] = {
	[VOLUME_ON_DISK] = { "disk", "" },
	[VOLUME_IN_FILE] = { "file", "QEMU's file" },
	[VOLUME_FLUSHED_BY] = { "flush", "flushed by QEMU's file" },
};

const struct volume_word volume_parts[VOLUME_PARTS] = {
	[VOLUME_ISSUED] = { "guest", "guest, until it left to tell QEMU" },
	[VOLUME_LEFT] = { "to_qemu", "until QEMU's thread ran" },
	[VOLUME_TAKEN] = { "qemu", "QEMU, until its system call" },
	[VOLUME_CALLED] = { "call", "system call, above the block layer" },
	[VOLUME_QUEUED] = { "queue", "host's block layer" },
	[VOLUME_DISK] = { "disk", "disk" },
	[VOLUME_DISK_DONE] = { "from_disk", "until QEMU's thread ran again" },
	[VOLUME_RETURNED] = { "qemu_after", "QEMU, until its interrupt" },
	[VOLUME_INTERRUPTED] = { "back", "until the guest was told" },
};
