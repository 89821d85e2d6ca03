// SPDX-License-Identifier: MIT
#include "qemu/import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctf/out.h"
#include "fuse/fail.h"
#include "import/trace.h"
#include "qemu/libvirt.h"
#include "qemu/qmp.h"

struct importer {
	const struct qemu_import_options *options;
	const char *folder;
	struct qemu_import *out;
	struct qemu_events events;
	struct qemu_domain domain;
	uint8_t uuid[16];
	struct ctf_error *e;
};

static const char *source(const struct importer *im)
{
	return im->options->log ? im->options->log : im->options->qmp;
}

static int read_all(struct importer *im)
{
	const struct qemu_import_options *o = im->options;
	int ret = qemu_events_builtin(&im->events);

	if (ret)
		return vmsync_fail_memory(im->e);
	if (o->declared)
		ret = qemu_events_declare(&im->events, o->declared, im->e);
	if (!ret && o->log)
		ret = qemu_log_read(o->log, &im->events, &im->out->log, im->e);
	if (!ret && o->qmp)
		ret = qemu_qmp_read(o->qmp, &im->events, &im->out->qmp_lines,
				    im->e);
	if (ret || im->events.list.count)
		return ret;
	if (im->out->log.plain)
		return vmsync_fail(im->e, -EINVAL,
				   "start QEMU with -msg timestamp=on",
				   "%.400s: its events have no time", source(im));
	return vmsync_fail(im->e, -EINVAL,
			   o->log ? "switch some on: see vmsync-import(1)" :
				    "record what QMP sends, a line an object",
			   "%.400s: no event of QEMU in it", source(im));
}

static void uuid_make(struct importer *im)
{
	struct import_uuid u;
	size_t i;

	import_uuid_init(&u);
	for (i = 0; i < im->events.list.count; i++) {
		const struct qemu_event *ev = &im->events.list.at[i];

		import_uuid_add(&u, &ev->real_ns, sizeof(ev->real_ns));
		import_uuid_add(&u, &ev->tid, sizeof(ev->tid));
	}
	import_uuid_add(&u, im->events.values, im->events.values_size);
	import_uuid_bytes(&u, im->uuid);
}

static int fail_write(struct importer *im, int error)
{
	return vmsync_fail_file(im->e, error, im->folder);
}

static int stream_write(struct importer *im)
{
	const struct qemu_event *ev = im->events.list.at;
	struct ctf_out s = { .uuid = im->uuid };
	char path[4096 + 64];
	size_t i;
	int ret;

	snprintf(path, sizeof(path), "%s/log", im->folder);
	ret = ctf_out_open(&s, path, (uint64_t)im->out->begin_ns);
	for (i = 0; !ret && i < im->events.list.count; i++, ev++) {
		int64_t at = import_clock_value(&im->out->clock, ev->real_ns);
		uint8_t *to = ctf_out_room(&s, (uint16_t)ev->kind,
					   (uint64_t)at,
					   sizeof(ev->tid) + ev->size);

		if (!to) {
			ret = -errno;
			break;
		}
		to = mempcpy(to, &ev->tid, sizeof(ev->tid));
		ctf_out_event(&s, mempcpy(to, im->events.values + ev->at,
					  ev->size));
	}
	if (!ret)
		ret = ctf_out_end(&s);
	if (!ret)
		ret = ctf_out_until(&s, (uint64_t)im->out->end_ns, false);
	return ret ? fail_write(im, ret) : 0;
}

static void kind_print(const struct qemu_kind *k, size_t id, FILE *f)
{
	fprintf(f, "event {\n\tname = \"%s%s\";\n\tid = %zu;\n"
		"\tstream_id = 0;\n\tfields := struct {\n",
		strchr(k->name, ':') ? "" : "qemu:", k->name, id);
	if (k->format)
		qemu_format_print(k->format, f);
	else if (k->has_text)
		fputs("\t\tstring _text;\n", f);
	fputs("\t};\n};\n\n", f);
}

static int metadata_write(struct importer *im)
{
	const struct qemu_import *out = im->out;
	const char *name = strrchr(source(im), '/');
	const char *vm = im->options->vm ? im->options->vm : im->domain.name;
	FILE *f = import_metadata_open(im->folder, im->uuid, "qemu-log", "qemu",
				       &out->clock);
	size_t i;
	int ret;

	if (!f)
		return fail_write(im, -errno);
	if (im->options->vm || vm[0])
		import_env(f, "vm", vm);
	if (im->domain.uuid[0])
		import_env(f, "vm_uuid", im->domain.uuid);
	if (im->domain.host[0])
		import_env(f, "vm_host", im->domain.host);
	import_env(f, "source", name ? name + 1 : source(im));
	fprintf(f, "\twent_back_ns = \"%" PRId64 "\";\n", out->back_ns);
	import_metadata_clock(f, &out->clock);
	for (i = 0; i < im->events.kinds.count; i++)
		kind_print(&im->events.kinds.at[i], i, f);
	ret = import_metadata_close(f);
	return ret ? fail_write(im, ret) : 0;
}

/* The span, which the clock must have reached. */
static int times_take(struct importer *im)
{
	const struct qemu_event *first = im->events.list.at;
	const struct qemu_event *last = first + im->events.list.count - 1;
	struct qemu_import *out = im->out;

	out->begin_ns = import_clock_value(&out->clock, first->real_ns);
	out->end_ns = import_clock_value(&out->clock, last->real_ns);
	if (out->begin_ns >= 0 && out->end_ns >= 0)
		return 0;
	return vmsync_fail(im->e, -EINVAL,
			   "name a trace of the machine that QEMU ran on",
			   "%.200s: its events are not of the time that the clock "
			   "of %.200s tells", source(im), im->options->clock);
}

static void count(struct importer *im)
{
	size_t i;

	im->out->events = im->events.list.count;
	im->out->kinds = im->events.kinds.count;
	for (i = 0; i < im->events.list.count; i++)
		im->out->typed +=
			!im->events.kinds.at[im->events.list.at[i].kind].has_text;
}

int qemu_import(const struct qemu_import_options *options, const char *folder,
		struct qemu_import *out, struct ctf_error *e)
{
	struct importer im = { .options = options, .folder = folder, .out = out,
			       .e = e };
	struct qemu_event back;
	int ret;

	memset(out, 0, sizeof(*out));
	ret = import_clock_take(options->clock, &out->clock, e);
	if (!ret && options->libvirt)
		ret = qemu_libvirt_read(options->libvirt, &im.domain, e);
	if (!ret)
		ret = read_all(&im);
	if (!ret) {
		out->back_ns = qemu_events_back(&im.events, &back);
		out->back_line = out->back_ns ? back.line : 0;
		qemu_events_sort(&im.events);
		uuid_make(&im);
		count(&im);
		ret = times_take(&im);
	}
	if (!ret)
		ret = stream_write(&im);
	if (!ret)
		ret = metadata_write(&im);
	qemu_events_free(&im.events);
	return ret;
}
