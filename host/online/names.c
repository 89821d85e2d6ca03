// SPDX-License-Identifier: MIT
#include "online/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void online_names_begin(struct online_names *n)
{
	size_t i;

	for (i = 0; i < n->by.count; i++)
		n->by.at[i].ns = 0;
}

static struct online_by *find(struct online_names *n, const char *vm,
			      const char *name)
{
	size_t i;

	for (i = 0; i < n->by.count; i++) {
		if (!strcmp(n->by.at[i].vm, vm) &&
		    !strcmp(n->by.at[i].name, name))
			return &n->by.at[i];
	}
	return NULL;
}

int online_names_add(struct online_names *n, const char *vm, const char *name,
		     int64_t ns)
{
	struct online_by *by = find(n, vm, name);

	if (!by) {
		by = vmsync_array_add(&n->by);
		if (!by)
			return -ENOMEM;
		*by = (struct online_by){ .ns = 0 };
		snprintf(by->vm, sizeof(by->vm), "%s", vm);
		snprintf(by->name, sizeof(by->name), "%s", name);
	}
	by->ns += ns;
	return 0;
}

/* How many of the VM had it longer. */
static unsigned int longer(const struct online_names *n,
			   const struct online_by *than)
{
	unsigned int count = 0;
	size_t i;

	for (i = 0; i < n->by.count; i++)
		count += !strcmp(n->by.at[i].vm, than->vm) &&
			 n->by.at[i].ns > than->ns;
	return count;
}

void online_names_end(struct online_names *n)
{
	size_t i;

	for (i = 0; i < n->by.count; i++) {
		struct online_by *by = &n->by.at[i];

		by->shown |= longer(n, by) < ONLINE_TOP;
		if (!by->shown)
			by->before_ns = by->ns;
	}
}

int64_t online_names_other_ns(const struct online_names *n, const char *vm)
{
	int64_t ns = 0;
	size_t i;

	for (i = 0; i < n->by.count; i++) {
		if (!strcmp(n->by.at[i].vm, vm))
			ns += n->by.at[i].before_ns;
	}
	return ns;
}
