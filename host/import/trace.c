// SPDX-License-Identifier: MIT
#include "import/trace.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "ctf/out.h"

void import_uuid_init(struct import_uuid *u)
{
	*u = (struct import_uuid){ { 0xcbf29ce484222325u, 0x84222325cbf29ce4u },
				   0 };
}

void import_uuid_add(struct import_uuid *u, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;
	size_t i;

	for (i = 0; i < n; i++, u->n++)
		u->half[u->n & 1] = (u->half[u->n & 1] ^ b[i]) *
				    0x100000001b3u;
}

void import_uuid_bytes(const struct import_uuid *u, uint8_t uuid[16])
{
	memcpy(uuid, u->half, sizeof(u->half));
}

FILE *import_metadata_open(const char *folder, const uint8_t uuid[16],
			   const char *domain, const char *tracer,
			   const struct import_clock *c)
{
	char path[4096 + 64];
	FILE *f;

	snprintf(path, sizeof(path), "%s/metadata", folder);
	f = fopen(path, "we");
	if (!f)
		return NULL;
	ctf_out_head(f, uuid);
	fputs("env {\n", f);
	import_env(f, "domain", domain);
	import_env(f, "tracer_name", tracer);
	if (c->hostname[0])
		import_env(f, "hostname", c->hostname);
	return f;
}

void import_env(FILE *f, const char *key, const char *value)
{
	fprintf(f, "\t%s = \"", key);
	for (; *value; value++)
		fputc(*value >= ' ' && *value < 0x7f && !strchr("\"\\", *value) ?
			      *value : '_', f);
	fputs("\";\n", f);
}

void import_metadata_clock(FILE *f, const struct import_clock *c)
{
	fprintf(f, "};\n\nclock {\n\tname = \"%s\";\n", c->name);
	if (c->has_uuid) {
		fputs("\tuuid = \"", f);
		ctf_out_uuid(f, c->uuid);
		fputs("\";\n", f);
	}
	fprintf(f, "\tdescription = \"%s\";\n\tfreq = 1000000000;\n"
		"\tprecision = %" PRIu64 ";\n\toffset_s = %" PRId64 ";\n"
		"\toffset = %" PRId64 ";\n%s};\n\n",
		c->description, c->bound_ns, c->offset_s, c->offset_ns,
		c->is_absolute ? "\tabsolute = true;\n" : "");
	ctf_out_layout(f, c->name, false);
}

int import_metadata_close(FILE *f)
{
	bool bad = ferror(f);

	return fclose(f) || bad ? -errno : 0;
}
