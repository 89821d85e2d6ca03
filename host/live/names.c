// SPDX-License-Identifier: MIT
#include "live/names.h"

#include <stdlib.h>
#include <string.h>

static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "abcdefghijklmnopqrstuvwxyz"
			      "0123456789_-+.";

void live_name_clean(const char *text, size_t n, char out[LIVE_FILE_NAME])
{
	size_t i;

	if (n > LIVE_FILE_NAME - 1)
		n = LIVE_FILE_NAME - 1;
	for (i = 0; i < n; i++)
		out[i] = text[i] && strchr(allowed, text[i]) ? text[i] : '_';
	if (!i || out[0] == '.')
		out[0] = '_';
	out[i ? i : 1] = '\0';
}

char *live_name_path(const char *text)
{
	char *path = calloc(LIVE_DEPTH, LIVE_FILE_NAME), *p = path;
	int depth = 0;

	while (path && *text && depth < LIVE_DEPTH) {
		size_t n = strcspn(text, "/");

		if (n && depth++)
			*p++ = '/';
		if (n)
			live_name_clean(text, n, p);
		p += strlen(p);
		text += n + strspn(text + n, "/");
	}
	return path;
}
