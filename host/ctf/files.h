/* SPDX-License-Identifier: MIT */
/*
 * Stream files are open while they are read, and some of them a little longer.
 * A rotated session has thousands of files, of which only few are read at a
 * time; a process may have far fewer open.
 */
#ifndef CTF_FILES_H
#define CTF_FILES_H

#include <stdbool.h>

struct ctf_error;

/**
 * struct file - a file that is read
 * @path:	lives as long as the file
 * @fd:		valid between file_open() and file_close()
 * The rest is files.c's.
 */
struct file {
	const char *path;
	int fd;
	unsigned int users;
	bool is_open;
	struct file *next, *prev;	/* among those open without a user */
};

/*
 * Opens @f for one more user, whatever the thread. Return: 0 or a negative
 * errno with @e filled in.
 */
int file_open(struct file *f, struct ctf_error *e);

/* One user less. The file may stay open for the next one. */
void file_close(struct file *f);

/* @f, which has no user, is about to vanish. */
void file_forget(struct file *f);

#endif /* CTF_FILES_H */
