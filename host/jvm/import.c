// SPDX-License-Identifier: MIT
#include "jvm/import.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "ctf/out.h"
#include "fuse/fail.h"
#include "import/trace.h"

static const char event[] =
	"event {\n\tname = \"jvm:log\";\n\tid = 0;\n\tstream_id = 0;\n"
	"\tfields := struct {\n"
	"\t\tinteger { size = 32; align = 8; signed = 1; encoding = none; base = 10; } _pid;\n"
	"\t\tstring _tags;\n\t\tstring _text;\n\t};\n};\n";

/* Bytes of the file, without what would end the string. */
static uint8_t *text_put(uint8_t *to, const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		*to++ = s[i] ? (uint8_t)s[i] : '?';
	*to++ = '\0';
	return to;
}

static int line_write(struct ctf_out *s, const struct jvm_log *log,
		      const struct jvm_line *l)
{
	uint8_t *to = ctf_out_room(s, 0, (uint64_t)l->ns,
				   2 * sizeof(int32_t) + l->tags_len +
					   l->text_len + 2);

	if (!to)
		return -errno;
	to = mempcpy(to, &l->tid, sizeof(l->tid));
	to = mempcpy(to, &l->pid, sizeof(l->pid));
	to = text_put(to, log->file + l->tags, l->tags_len);
	ctf_out_event(s, text_put(to, log->file + l->text, l->text_len));
	return 0;
}

static int stream_write(const struct jvm_log *log, const uint8_t uuid[16],
			const char *folder)
{
	const struct jvm_line *l = log->lines.at;
	size_t i, n = log->lines.count;
	struct ctf_out s = { .uuid = uuid };
	char path[4096 + 64];
	int ret;

	snprintf(path, sizeof(path), "%s/log", folder);
	ret = ctf_out_open(&s, path, (uint64_t)l[0].ns);
	for (i = 0; !ret && i < n; i++)
		ret = line_write(&s, log, &l[i]);
	if (!ret)
		ret = ctf_out_end(&s);
	if (!ret)
		ret = ctf_out_until(&s, (uint64_t)l[n - 1].ns, false);
	return ret;
}

static int metadata_write(const struct import_clock *c, const uint8_t uuid[16],
			  const char *folder)
{
	FILE *f = import_metadata_open(folder, uuid, "jvm-log", "jvm", c);

	if (!f)
		return -errno;
	import_metadata_clock(f, c);
	fputs(event, f);
	return import_metadata_close(f);
}

/* Both are CLOCK_MONOTONIC: nothing is converted, and no bound is needed. */
static int clock_take(const char *path, struct import_clock *c,
		      struct ctf_error *e)
{
	int ret = import_clock_take(path, c, e);

	if (ret)
		return ret;
	if (!path)
		strcpy(c->name, "monotonic");
	c->description = "Monotonic Clock";
	c->is_absolute = false;
	c->bound_ns = 0;
	if (!strcmp(c->name, "monotonic"))
		return 0;
	return vmsync_fail(e, -EINVAL, "leave --clock out",
			   "%.400s: its clock is not CLOCK_MONOTONIC, by which a "
			   "Java virtual machine logs", path);
}

int jvm_import(const char *path, const char *clock, const char *folder,
	       struct jvm_import *out, struct ctf_error *e)
{
	struct jvm_log log = { 0 };
	struct import_clock c;
	struct import_uuid u;
	uint8_t uuid[16];
	int ret = clock_take(clock, &c, e);

	if (!ret)
		ret = jvm_log_read(path, &log, e);
	if (!ret) {
		out->lines = log.lines.count;
		out->others = log.others;
		import_uuid_init(&u);
		import_uuid_add(&u, log.file, log.size);
		import_uuid_bytes(&u, uuid);
		ret = stream_write(&log, uuid, folder);
		if (!ret)
			ret = metadata_write(&c, uuid, folder);
		if (ret)
			vmsync_fail_file(e, ret, folder);
	}
	jvm_log_free(&log);
	return ret;
}
