/* SPDX-License-Identifier: MIT */
/*
 * The files of a recording that has ended, as the host pulls them: by number, in
 * parts (include/uapi/vmsync_port.h).
 */
#ifndef VMSYNC_AGENT_FILES_H
#define VMSYNC_AGENT_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * struct agent_files - numbered from 1; 0 is the list of them
 * @open:	number of the file that @fd has open, 0: none
 */
struct agent_files {
	struct agent_file *file;
	size_t n;
	uint32_t folders;
	uint32_t open;
	int fd;
};

/** agent_files_find() - all below @folder; 0 or a negative errno */
int agent_files_find(struct agent_files *f, const char *folder);

/** agent_files_free() - there are none any more */
void agent_files_free(struct agent_files *f);

/** agent_files_size() - of file @number; false: there is none */
bool agent_files_size(const struct agent_files *f, uint32_t number,
		      uint64_t *size);

/**
 * agent_files_read() - up to @n bytes of file @number
 * Return: how many, 0 at its end, or a negative errno.
 */
ssize_t agent_files_read(struct agent_files *f, uint32_t number, uint64_t offset,
			 uint8_t *out, size_t n);

/** agent_files_remove() - delete all that is below @folder, and it */
void agent_files_remove(const char *folder);

#endif /* VMSYNC_AGENT_FILES_H */
