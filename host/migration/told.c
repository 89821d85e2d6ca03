// SPDX-License-Identifier: MIT
#include "migration/told.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Which event says what: the fields that are its numbers, and its texts. */
struct row {
	const char *name;
	enum migration_kind kind;
	const char *number[MIGRATION_FIGURES];
	const char *text;
	const char *before;
};

static const struct row rows[] = {
	{ "qemu:migrate_set_state", MIGRATION_STATE, { NULL }, "new_state", NULL },
	{ "qemu:runstate_set", MIGRATION_RUNSTATE, { NULL }, "new_state_str",
	  "current_state_str" },
	{ "qemu:vm_state_notify", MIGRATION_NOTIFY, { "running" }, NULL, NULL },
	{ "qemu:migration_completion_vm_stop", MIGRATION_STOPPED, { NULL },
	  NULL, NULL },
	{ "qemu:vm_stop_flush_all", MIGRATION_STOPPED, { NULL }, NULL, NULL },
	{ "qemu:migration_socket_incoming_accepted", MIGRATION_IN, { NULL },
	  NULL, NULL },
	{ "qemu:migration_set_incoming_channel", MIGRATION_IN, { NULL }, NULL,
	  NULL },
	{ "qemu:migration_exec_incoming", MIGRATION_IN, { NULL }, NULL, NULL },
	{ "qemu:migration_fd_incoming", MIGRATION_IN, { NULL }, NULL, NULL },
	{ "qemu:loadvm_state_setup", MIGRATION_IN, { NULL }, NULL, NULL },
	{ "qemu:migration_socket_outgoing_connected", MIGRATION_OUT, { NULL },
	  NULL, NULL },
	{ "qemu:migration_set_outgoing_channel", MIGRATION_OUT, { NULL }, NULL,
	  NULL },
	{ "qemu:migration_exec_outgoing", MIGRATION_OUT, { NULL }, NULL, NULL },
	{ "qemu:migration_fd_outgoing", MIGRATION_OUT, { NULL }, NULL, NULL },
	{ "qemu:savevm_state_header", MIGRATION_OUT, { NULL }, NULL, NULL },
	{ "qemu:savevm_state_setup", MIGRATION_OUT, { NULL }, NULL, NULL },
	{ "qemu:migration_bitmap_sync_start", MIGRATION_SYNC_BEGIN, { NULL },
	  NULL, NULL },
	{ "qemu:migration_bitmap_sync_end", MIGRATION_SYNC_END,
	  { "dirty_pages" }, NULL, NULL },
	{ "qemu:migrate_pending", MIGRATION_PENDING, { "size" }, NULL, NULL },
	{ "qemu:migrate_pending_exact", MIGRATION_PENDING, { "size" }, NULL,
	  NULL },
	{ "qemu:migrate_transferred", MIGRATION_SENT,
	  { "transferred", "time_spent", "max_size" }, NULL, NULL },
	{ "qemu:migration_rate_limit_pre", MIGRATION_WAIT, { NULL }, NULL, NULL },
	{ "qemu:migration_rate_limit_post", MIGRATION_GO_ON, { NULL }, NULL,
	  NULL },
	{ "qemu:migration_throttle", MIGRATION_THROTTLE, { NULL }, NULL, NULL },
	{ "qemu:migrate_error", MIGRATION_ERROR, { NULL }, "error_desc", NULL },
	{ "qemu:migrate_fd_error", MIGRATION_ERROR, { NULL }, "error_desc",
	  NULL },
	{ "qemu:migration_socket_outgoing_error", MIGRATION_ERROR, { NULL },
	  "err", NULL },
	{ "qemu:migration_thread_file_err", MIGRATION_ERROR, { NULL }, NULL,
	  NULL },
	{ "qemu:migration_completion_file_err", MIGRATION_ERROR, { NULL }, NULL,
	  NULL },
	{ "qemu:postcopy_start", MIGRATION_POSTCOPY, { NULL }, NULL, NULL },
	{ "qemu:postcopy_ram_fault_thread_request", MIGRATION_FAULT, { NULL },
	  NULL, NULL },
	{ "qmp:MIGRATION", MIGRATION_QMP_STATE, { NULL }, "status", NULL },
	{ "qmp:MIGRATION_PASS", MIGRATION_QMP_PASS, { "pass" }, NULL, NULL },
	{ "qmp:STOP", MIGRATION_QMP_STOP, { NULL }, NULL, NULL },
	{ "qmp:RESUME", MIGRATION_QMP_RESUME, { NULL }, NULL, NULL },
	{ "qmp:query_migrate", MIGRATION_ANSWER,
	  { "total_time_ms", "setup_time_ms", "downtime_ms", "dirty_sync_count",
	    "page_size", "total_bytes", "normal_pages", "duplicate_pages",
	    "transferred_bytes" }, "status", NULL },
};

/* A class of the trace; @row NULL: it says nothing. */
struct decoded {
	const struct row *row;
	struct ctf_field number[MIGRATION_FIGURES];
	struct ctf_field text;
	struct ctf_field before;
	uint32_t has;
	bool has_text;
	bool has_before;
};

struct migration_decoder {
	struct decoded *of;
	uint8_t *want;
	bool tells[MIGRATION_KINDS];
};

static void class_find(struct decoded *d, const struct ctf_class *cls)
{
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!strcmp(cls->name, rows[i].name))
			d->row = &rows[i];
	}
	for (i = 0; d->row && i < MIGRATION_FIGURES; i++) {
		if (d->row->number[i] &&
		    ctf_field_find(cls, CTF_PAYLOAD, d->row->number[i],
				   &d->number[i]))
			d->has |= 1u << i;
	}
	if (d->row && d->row->text)
		d->has_text = ctf_field_find(cls, CTF_PAYLOAD, d->row->text,
					     &d->text);
	if (d->row && d->row->before)
		d->has_before = ctf_field_find(cls, CTF_PAYLOAD,
					       d->row->before, &d->before);
}

/* A line that QEMU cut off has its event, and no number: it says nothing. */
static bool says(const struct decoded *d)
{
	return d->row && (!d->row->number[0] || d->has & 1) &&
	       (!d->row->text || d->has_text || d->row->kind == MIGRATION_ERROR);
}

struct migration_decoder *migration_decoder_new(const struct ctf_trace *t)
{
	size_t i, n = ctf_trace_classes(t);
	struct migration_decoder *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->of = calloc(n + 1, sizeof(*d->of));
	d->want = calloc(n + 1, 1);
	for (i = 0; d->of && d->want && i < n; i++) {
		class_find(&d->of[i], ctf_trace_class(t, i));
		d->want[i] = says(&d->of[i]);
		if (d->want[i])
			d->tells[d->of[i].row->kind] = true;
	}
	if (d->of && d->want)
		return d;
	migration_decoder_free(d);
	return NULL;
}

void migration_decoder_free(struct migration_decoder *d)
{
	if (!d)
		return;
	free(d->of);
	free(d->want);
	free(d);
}

const uint8_t *migration_decoder_want(const struct migration_decoder *d)
{
	return d->want;
}

bool migration_decoder_tells(const struct migration_decoder *d,
			     enum migration_kind kind)
{
	return d->tells[kind];
}

static void text_read(const struct ctf_event *ev, const struct ctf_field *f,
		      char out[MIGRATION_TEXT])
{
	size_t n = 0;
	const char *s = ctf_get_str(ev, f, &n);

	if (!s)
		n = 0;
	if (n >= MIGRATION_TEXT)
		n = MIGRATION_TEXT - 1;
	memcpy(out, s ? s : "", n);
	out[n] = '\0';
}

void migration_decoder_read(const struct migration_decoder *d,
			    const struct ctf_event *ev,
			    struct migration_told *out)
{
	const struct decoded *of = &d->of[ev->cls->index];
	size_t i;

	*out = (struct migration_told){ .kind = of->row->kind };
	for (i = 0; i < MIGRATION_FIGURES; i++) {
		if (of->has & 1u << i &&
		    ctf_get_u64(ev, &of->number[i], &out->number[i]))
			out->has |= 1u << i;
	}
	if (of->has_text)
		text_read(ev, &of->text, out->text);
	else if (of->row->kind == MIGRATION_ERROR)
		snprintf(out->text, sizeof(out->text), "%s",
			 strchr(of->row->name, ':') + 1);
	if (of->has_before)
		text_read(ev, &of->before, out->before);
}

bool migration_is_qemu(const struct ctf_trace *t)
{
	const char *tracer = ctf_trace_env(t, "tracer_name");

	return tracer && !strcmp(tracer, "qemu");
}
