// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "record/guest.h"

#define NAME_MAX_BYTES 64

/* What a file may be called anywhere; @name has NAME_MAX_BYTES and a 0. */
static void clean_name(const char *from, char *name)
{
	size_t i;

	snprintf(name, NAME_MAX_BYTES + 1, "%.*s", NAME_MAX_BYTES,
		 from[0] ? from : "_");
	for (i = 0; name[i]; i++) {
		char c = name[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		      (c >= '0' && c <= '9') || c == '-' || c == '_' ||
		      (c == '.' && i)))
			name[i] = '_';
	}
}

void record_guest_folder(struct record_guest *g, const char *output,
			 bool (*is_taken)(const void *ctx, const char *folder),
			 const void *ctx)
{
	char name[NAME_MAX_BYTES + 1], folder[sizeof(g->folder)];
	size_t number = 1;

	/* It does not stand in its own way. */
	g->folder[0] = '\0';
	clean_name(g->name, name);
	snprintf(folder, sizeof(folder), "%.3900s/guests/%s", output, name);
	while (is_taken(ctx, folder))
		snprintf(folder, sizeof(folder), "%.3900s/guests/%s.%zu", output, name,
			 ++number);
	snprintf(g->folder, sizeof(g->folder), "%s", folder);
}
