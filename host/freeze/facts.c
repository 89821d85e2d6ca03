// SPDX-License-Identifier: MIT
#include "freeze/facts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_in.h"
#include "base/json_string.h"
#include "freeze/folder.h"
#include "fuse/fail.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void put(FILE *f, const char *key, const char *text)
{
	fprintf(f, ", \"%s\": ", key);
	vmsync_json_string(f, text);
}

static void put_guest(FILE *f, const struct freeze_facts_guest *g)
{
	fprintf(f, "{\"taken\": %s, \"cut\": %s, \"snapshot\": %" PRIu32
		", \"begun_guest_ns\": %" PRIu64, g->taken ? "true" : "false",
		g->cut ? "true" : "false", g->snapshot, g->begun_ns);
	put(f, "name", g->name);
	put(f, "uuid", g->uuid);
	put(f, "folder", g->folder);
	put(f, "said", g->said);
	fputc('}', f);
}

static void put_all(FILE *f, const void *what)
{
	const struct freeze_facts *facts = what;
	size_t i;

	fprintf(f,
		"{\"vmsync_freeze\": 1,\n\"number\": %" PRIu64
		",\n\"at_ns\": %" PRIu64 ",\n\"before_ns\": %" PRIu64
		",\n\"begun_ns\": %" PRIu64 ",\n\"taken\": %s",
		facts->number, facts->at_ns, facts->before_ns, facts->begun_ns,
		facts->taken ? "true" : "false");
	put(f, "who", facts->who);
	put(f, "reason", facts->reason);
	put(f, "said", facts->said);
	fputs(",\n\"guests\": [", f);
	for (i = 0; i < facts->n; i++) {
		fputs(i ? ",\n" : "\n", f);
		put_guest(f, &facts->guest[i]);
	}
	fputs("]}\n", f);
}

int freeze_facts_save(const char *dir, const struct freeze_facts *facts,
		      struct ctf_error *e)
{
	return freeze_folder_save(dir, "freeze.json", put_all, facts, e);
}

static bool guest_member(struct vmsync_in *p, const char *key, void *ctx,
			 unsigned int *seen)
{
	static const char *const keys[] = { "taken", "cut", "begun_guest_ns",
					    "name", "uuid", "folder", "said",
					    "snapshot" };
	struct freeze_facts_guest *g = ctx;
	int i = in_key(keys, COUNT(keys), key);

	if (i >= 0 && !in_once(p, seen, (unsigned int)i))
		return false;
	switch (i) {
	case 0:
		return in_bool(p, &g->taken);
	case 1:
		return in_bool(p, &g->cut);
	case 2:
		return in_number(p, UINT64_MAX, &g->begun_ns);
	case 3:
		return in_copy(p, &g->name);
	case 4:
		return in_copy(p, &g->uuid);
	case 5:
		return in_copy(p, &g->folder);
	case 6:
		return in_copy(p, &g->said);
	case 7:
		return in_u32(p, UINT32_MAX, &g->snapshot);
	default:
		return in_fail(p, "\"%.40s\" is not a member of a guest", key);
	}
}

static bool get_guest(struct vmsync_in *p, void *ctx)
{
	struct freeze_facts *facts = ctx;
	struct freeze_facts_guest *g =
		realloc(facts->guest, (facts->n + 1) * sizeof(*g));
	unsigned int seen;

	if (!g)
		return in_fail_memory(p);
	facts->guest = g;
	g += facts->n++;
	*g = (struct freeze_facts_guest){ 0 };
	return in_object(p, guest_member, g, &seen) &&
	       (seen == 255 || in_fail(p, "a member of the guest is missing"));
}

static bool file_member(struct vmsync_in *p, const char *key, void *ctx,
			unsigned int *seen)
{
	static const char *const keys[] = { "vmsync_freeze", "number", "at_ns",
					    "before_ns", "begun_ns", "taken",
					    "who", "reason", "said", "guests" };
	struct freeze_facts *facts = ctx;
	int i = in_key(keys, COUNT(keys), key);
	uint64_t version;

	if (i >= 0 && !in_once(p, seen, (unsigned int)i))
		return false;
	switch (i) {
	case 0:
		return in_number(p, 1, &version) &&
		       (version == 1 || in_fail(p, "version not known"));
	case 1:
		return in_number(p, UINT32_MAX, &facts->number);
	case 2:
		return in_number(p, INT64_MAX, &facts->at_ns);
	case 3:
		return in_number(p, INT64_MAX, &facts->before_ns);
	case 4:
		return in_number(p, INT64_MAX, &facts->begun_ns);
	case 5:
		return in_bool(p, &facts->taken);
	case 6:
		return in_copy(p, &facts->who);
	case 7:
		return in_copy(p, &facts->reason);
	case 8:
		return in_copy(p, &facts->said);
	case 9:
		return in_array(p, get_guest, facts);
	default:
		return in_fail(p, "\"%.40s\" is not a member", key);
	}
}

int freeze_facts_load(const char *dir, struct freeze_facts *facts,
		      struct ctf_error *e)
{
	char path[4300], why[256] = "";
	struct vmsync_in p = {
		.line = 1, .error = why, .error_size = sizeof(why)
	};
	unsigned int seen = 0;

	*facts = (struct freeze_facts){ 0 };
	snprintf(path, sizeof(path), "%.4200s/freeze.json", dir);
	p.f = fopen(path, "re");
	if (!p.f)
		return vmsync_fail(e, -errno, "name a folder that vmsync record "
				   "--on-freeze wrote", "%.300s: %s", path,
				   strerror(errno));
	if (in_file(&p, file_member, facts, &seen) && seen != 1023)
		in_fail(&p, "a member is missing");
	fclose(p.f);
	if (!p.status)
		return 0;
	return vmsync_fail(e, p.status, "", "%.300s: %s", path,
			   why[0] ? why : strerror(-p.status));
}

void freeze_facts_free(struct freeze_facts *facts)
{
	size_t i;

	for (i = 0; i < facts->n; i++) {
		free(facts->guest[i].name);
		free(facts->guest[i].uuid);
		free(facts->guest[i].folder);
		free(facts->guest[i].said);
	}
	free(facts->guest);
	free(facts->who);
	free(facts->reason);
	free(facts->said);
	*facts = (struct freeze_facts){ 0 };
}
