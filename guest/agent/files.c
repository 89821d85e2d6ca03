// SPDX-License-Identifier: MIT
#include "agent/files.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "uapi/vmsync_port.h"

/* Folders within each other: kernel, or ust/uid/0/64-bit. */
#define DEPTH 8
#define MOST_FILES 65536
#define PATH_BYTES 4096

struct agent_file {
	char *path;
	uint64_t size;
	uint32_t folder;
	bool metadata;
};

static int add(struct agent_files *f, const char *path, const char *name,
	       uint64_t size, uint32_t folder)
{
	struct agent_file *p;

	if (f->n == MOST_FILES)
		return -EFBIG;
	p = realloc(f->file, (f->n + 1) * sizeof(*p));
	if (!p)
		return -ENOMEM;
	f->file = p;
	p += f->n;
	*p = (struct agent_file){
		.path = strdup(path),
		.size = size,
		.folder = folder,
		.metadata = !strcmp(name, "metadata"),
	};
	if (!p->path)
		return -ENOMEM;
	f->n++;
	return 0;
}

/* An index is made of its stream again by who needs it. */
static bool is_wanted(const char *name)
{
	return name[0] != '.' && strcmp(name, "index");
}

static int find_in(struct agent_files *f, const char *folder, int depth)
{
	uint32_t number = f->folders++;
	char path[PATH_BYTES];
	struct dirent *entry;
	struct stat st;
	int ret = 0;
	DIR *dir = opendir(folder);

	if (!dir)
		return -errno;
	while (!ret && (entry = readdir(dir))) {
		if (!is_wanted(entry->d_name))
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", folder,
			     entry->d_name) >= (int)sizeof(path))
			ret = -ENAMETOOLONG;
		else if (lstat(path, &st))
			ret = -errno;
		else if (S_ISDIR(st.st_mode) && depth)
			ret = find_in(f, path, depth - 1);
		else if (S_ISREG(st.st_mode))
			ret = add(f, path, entry->d_name, (uint64_t)st.st_size,
				  number);
	}
	closedir(dir);
	return ret;
}

int agent_files_find(struct agent_files *f, const char *folder)
{
	int ret;

	agent_files_free(f);
	ret = find_in(f, folder, DEPTH);
	if (ret)
		agent_files_free(f);
	return ret;
}

void agent_files_free(struct agent_files *f)
{
	size_t i;

	if (f->open)
		close(f->fd);
	for (i = 0; i < f->n; i++)
		free(f->file[i].path);
	free(f->file);
	memset(f, 0, sizeof(*f));
}

bool agent_files_size(const struct agent_files *f, uint32_t number,
		      uint64_t *size)
{
	if (number > f->n)
		return false;
	*size = number ? f->file[number - 1].size :
			 f->n * VMSYNC_PORT_ENTRY_LEN;
	return true;
}

static void entry_write(const struct agent_file *file,
			uint8_t out[VMSYNC_PORT_ENTRY_LEN])
{
	uint32_t folder = htole32(file->folder);
	uint32_t metadata = htole32(file->metadata);
	uint64_t size = htole64(file->size);

	memcpy(out, &folder, 4);
	memcpy(out + 4, &metadata, 4);
	memcpy(out + 8, &size, 8);
}

static size_t list_read(const struct agent_files *f, uint64_t offset,
			uint8_t *out, size_t n)
{
	uint8_t entry[VMSYNC_PORT_ENTRY_LEN];
	size_t i;

	for (i = 0; i < n && (offset + i) / sizeof(entry) < f->n; i++) {
		entry_write(&f->file[(offset + i) / sizeof(entry)], entry);
		out[i] = entry[(offset + i) % sizeof(entry)];
	}
	return i;
}

ssize_t agent_files_read(struct agent_files *f, uint32_t number, uint64_t offset,
			 uint8_t *out, size_t n)
{
	ssize_t got;

	if (number > f->n)
		return -ENOENT;
	if (!number)
		return (ssize_t)list_read(f, offset, out, n);
	if (f->open != number) {
		if (f->open)
			close(f->fd);
		f->fd = open(f->file[number - 1].path, O_RDONLY | O_CLOEXEC);
		f->open = f->fd < 0 ? 0 : number;
		if (f->fd < 0)
			return -errno;
	}
	if (offset > INT64_MAX)
		return 0;
	got = pread(f->fd, out, n, (off_t)offset);
	return got < 0 ? -errno : got;
}

static void remove_in(const char *folder, int depth)
{
	char path[PATH_BYTES];
	struct dirent *entry;
	DIR *dir = opendir(folder);

	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    snprintf(path, sizeof(path), "%s/%s", folder,
			     entry->d_name) >= (int)sizeof(path))
			continue;
		if (unlink(path) && depth)
			remove_in(path, depth - 1);
	}
	if (dir)
		closedir(dir);
	rmdir(folder);
}

void agent_files_remove(const char *folder)
{
	remove_in(folder, DEPTH);
}
