// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor/system.h"

static bool path_make(char *path, const struct doctor *d, const char *format,
		      va_list args)
{
	int n = snprintf(path, PATH_MAX, "%s", d->root);

	if (n < 0 || n >= PATH_MAX)
		return false;
	return vsnprintf(path + n, PATH_MAX - (size_t)n, format, args) <
	       PATH_MAX - n;
}

bool system_has(const struct doctor *d, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	bool fits;

	va_start(args, format);
	fits = path_make(path, d, format, args);
	va_end(args);
	return fits && !access(path, F_OK);
}

ssize_t system_read(const struct doctor *d, char *text, size_t size,
		    const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	ssize_t n = -1;
	bool fits;
	int fd;

	va_start(args, format);
	fits = path_make(path, d, format, args);
	va_end(args);
	fd = fits ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
	if (fd >= 0) {
		n = read(fd, text, size - 1);
		close(fd);
	}
	text[n > 0 ? n : 0] = '\0';
	return n;
}

bool system_word(const struct doctor *d, const char *path, const char *word)
{
	static const char apart[] = " \t\n[]";
	char text[4096], *rest = text;

	if (system_read(d, text, sizeof(text), "%s", path) < 0)
		return false;
	for (char *w = strtok_r(text, apart, &rest); w;
	     w = strtok_r(NULL, apart, &rest))
		if (!strcmp(w, word))
			return true;
	return false;
}

bool system_module_loaded(const struct doctor *d, const char *name)
{
	char under[64];
	size_t i;

	for (i = 0; name[i] && i < sizeof(under) - 1; i++)
		under[i] = name[i] == '-' ? '_' : name[i];
	under[i] = '\0';
	return system_has(d, "/sys/module/%s", under);
}

/* modules.dep names all that modprobe finds, whatever folder they are in. */
bool system_module_built(const struct doctor *d, const char *name)
{
	char path[PATH_MAX], file[80], line[PATH_MAX];
	bool found = false;
	FILE *f;

	if (snprintf(path, sizeof(path), "%s/lib/modules/%s/modules.dep",
		     d->root, d->release) >= (int)sizeof(path))
		return false;
	snprintf(file, sizeof(file), "/%s.ko", name);
	f = fopen(path, "re");
	while (f && !found && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');
		char *at;

		if (!colon)
			continue;
		*colon = '\0';
		at = strstr(line, file);
		/* Compressed ones have another ending. */
		found = at && strchr(".", at[strlen(file)]);
	}
	if (f)
		fclose(f);
	return found;
}

bool system_command(const struct doctor *d, const char *name)
{
	return system_has(d, "/usr/bin/%s", name) ||
	       system_has(d, "/usr/local/bin/%s", name) ||
	       system_has(d, "/usr/sbin/%s", name) ||
	       system_has(d, "/bin/%s", name);
}
