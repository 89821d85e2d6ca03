// SPDX-License-Identifier: MIT
#include "freeze/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "fuse/fail.h"

#define PREFIX "freeze-"
#define SECOND 1000000000ll

/* Folders within each other: freeze-1/host/snapshot-1-.../ust/uid/0/64-bit. */
#define DEPTH 12

static uint64_t bytes_in(const char *path, int depth)
{
	char inner[4096];
	struct dirent *entry;
	uint64_t sum = 0;
	struct stat st;
	DIR *dir = opendir(path);

	while (dir && (entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..") ||
		    snprintf(inner, sizeof(inner), "%s/%s", path,
			     entry->d_name) >= (int)sizeof(inner) ||
		    lstat(inner, &st))
			continue;
		if (S_ISDIR(st.st_mode) && depth)
			sum += bytes_in(inner, depth - 1);
		else if (S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
	}
	if (dir)
		closedir(dir);
	return sum;
}

uint64_t freeze_folder_bytes(const char *path)
{
	return bytes_in(path, DEPTH);
}

uint64_t freeze_folder_free(const char *path)
{
	struct statvfs disk;

	return statvfs(path, &disk) ? 0 :
				      (uint64_t)disk.f_bavail * disk.f_frsize;
}

/* Return: the number of the freeze that is called so, 0: it is none. */
static uint64_t number_of(const char *name)
{
	char *end;
	uint64_t n;

	if (strncmp(name, PREFIX, strlen(PREFIX)))
		return 0;
	name += strlen(PREFIX);
	n = strtoull(name, &end, 10);
	return *end || end == name || n > UINT32_MAX ? 0 : n;
}

uint64_t freeze_folder_earlier(const char *path, struct freeze_budget *b,
			       uint64_t now_ns)
{
	char inner[4096];
	struct dirent *entry;
	uint64_t last = 0;
	struct stat st;
	DIR *dir = opendir(path);
	time_t now = time(NULL), age;

	while (dir && (entry = readdir(dir))) {
		uint64_t n = number_of(entry->d_name);

		last = n > last ? n : last;
		if (!n ||
		    snprintf(inner, sizeof(inner), "%s/%s", path,
			     entry->d_name) >= (int)sizeof(inner) ||
		    stat(inner, &st) || now - st.st_mtime >= 3600)
			continue;
		/* The time of day may have been set back since. */
		age = now > st.st_mtime ? now - st.st_mtime : 0;
		freeze_budget_earlier(b, (int64_t)now_ns - age * SECOND);
	}
	if (dir)
		closedir(dir);
	return last;
}

int freeze_folder_save(const char *dir, const char *name,
		       void (*put)(FILE *f, const void *what), const void *what,
		       struct ctf_error *e)
{
	char path[4300], new[4310];
	int err = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%.4200s/%.60s", dir, name);
	snprintf(new, sizeof(new), "%s.new", path);
	f = fopen(new, "wxe");
	if (!f)
		return vmsync_fail_file(e, -errno, new);
	put(f, what);
	if (ferror(f))
		err = EIO;
	if (fclose(f))
		err = errno;
	if (!err && rename(new, path))
		err = errno;
	if (!err)
		return 0;
	unlink(new);
	return vmsync_fail_file(e, -err, path);
}
