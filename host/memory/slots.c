// SPDX-License-Identifier: MIT
#include "memory/slots.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuse/fail.h"
#include "memory/pages.h"

#define MOST_PAGES (1ull << 32) /* 16 TiB */

/*
 * Memory of a device's own is wherever the guest puts it, at the end of all addresses as
 * well, and is none that its kernel gives out: what is farther up than so many times as
 * much as there is, and 4 GiB, is left out.
 */
#define FAR_TIMES 16
#define FAR_PAGES (1ull << 20)

/* The line after @p, or NULL at the end. */
static const char *line_after(const char *p)
{
	p = strchr(p, '\n');
	return p && p[1] ? p + 1 : NULL;
}

static bool begins(const char *line, const char *with)
{
	return !strncmp(line, with, strlen(with));
}

/* "  0000000000100000-00000000bfffffff (prio 0, ram): pc.ram @0000000000100000" */
static bool ram_read(const char *line, struct memory_slot *slot)
{
	uint64_t from, until;
	char kind[8], name[64];

	if (sscanf(line, " %" SCNx64 "-%" SCNx64 " (prio %*d, %7[a-z]): %63[^\r\n]",
		   &from, &until, kind, name) != 4 ||
	    strcmp(kind, "ram") || until < from)
		return false;
	/* Where it lies in its block is of no use here. */
	if (strstr(name, " @"))
		*strstr(name, " @") = 0;
	*slot = (struct memory_slot){
		.page = from / MEMORY_PAGE,
		.pages = until / MEMORY_PAGE + 1 - from / MEMORY_PAGE,
	};
	memcpy(slot->name, name, sizeof(slot->name));
	return !(from % MEMORY_PAGE) && !((until + 1) % MEMORY_PAGE);
}

static int bad(struct ctf_error *e, const char *what)
{
	return vmsync_fail(e, -EPROTO, "is it a QEMU of version 4 or later?",
			   "QEMU's monitor: info mtree -f: %s", what);
}

static int slot_add(struct memory_slots *s, const struct memory_slot *slot,
		    struct ctf_error *e)
{
	if (s->n == MEMORY_SLOTS)
		return bad(e, "too many parts of memory");
	if (slot->page < memory_slots_pages(s) ||
	    slot->pages > MOST_PAGES - s->pages)
		return bad(e, "parts of memory that cannot be");
	s->pages += slot->pages;
	s->slot[s->n++] = *slot;
	return 0;
}

static void far_drop(struct memory_slots *s)
{
	uint64_t most = FAR_TIMES * s->pages + FAR_PAGES;

	while (s->n && s->slot[s->n - 1].page > most)
		s->pages -= s->slot[--s->n].pages;
}

/* The view that processors have of memory is that which is called so. */
int memory_slots_parse(struct memory_slots *s, const char *text, struct ctf_error *e)
{
	bool is_memory = false;
	struct memory_slot slot;
	const char *line;
	int ret = 0;

	s->n = 0;
	s->pages = 0;
	for (line = text; line && !ret; line = line_after(line)) {
		if (begins(line, "FlatView #")) {
			if (s->n)
				break;
			is_memory = false;
		}
		is_memory |= begins(line, " AS \"memory\", root: system");
		if (is_memory && ram_read(line, &slot))
			ret = slot_add(s, &slot, e);
	}
	far_drop(s);
	return ret || s->n ? ret : bad(e, "no memory in it");
}

/* "Host virtual address for 0x0 (pc.ram) is 0x7fced3e00000" */
static int address_ask(struct memory_monitor *m, uint64_t page, uint64_t *address,
		       struct ctf_error *e)
{
	char command[64], *text;
	const char *p;
	int ret;

	snprintf(command, sizeof(command), "gpa2hva 0x%" PRIx64, page * MEMORY_PAGE);
	ret = memory_monitor_human(m, command, &text, e);
	if (ret)
		return ret;
	p = strstr(text, " is 0x");
	*address = p ? strtoull(p + 4, NULL, 16) : 0;
	if (!p || !*address || *address % MEMORY_PAGE)
		ret = vmsync_fail(e, -EPROTO, "", "QEMU's monitor: %s: %.80s", command,
				  text);
	free(text);
	return ret;
}

/* Memory was plugged meanwhile, or it is in pieces, if its end is elsewhere. */
static int slot_ask(struct memory_slot *slot, struct memory_monitor *m,
		    struct ctf_error *e)
{
	uint64_t last;
	int ret = address_ask(m, slot->page, &slot->address, e);

	if (!ret)
		ret = address_ask(m, slot->page + slot->pages - 1, &last, e);
	if (ret)
		return ret;
	if (last - slot->address == (slot->pages - 1) * MEMORY_PAGE)
		return 0;
	return vmsync_fail(e, -EAGAIN, "try again",
			   "QEMU's memory changed while it was asked for");
}

int memory_slots_ask(struct memory_slots *s, struct memory_monitor *m,
		     struct ctf_error *e)
{
	char *text;
	size_t i;
	int ret = memory_monitor_human(m, "info mtree -f", &text, e);

	if (ret)
		return ret;
	ret = memory_slots_parse(s, text, e);
	free(text);
	for (i = 0; i < s->n && !ret; i++)
		ret = slot_ask(&s->slot[i], m, e);
	return ret;
}
