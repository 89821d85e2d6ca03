/* SPDX-License-Identifier: MIT */
/*
 * What an analysis finds, written to a file for other programs. A format is a
 * sink of the model (analysis/model.h) with a file: what it is told goes out as
 * it comes, so memory does not grow with the recording. The file appears whole
 * or not at all (fuse/output.h).
 */
#ifndef VMSYNC_EXPORT_EXPORT_H
#define VMSYNC_EXPORT_EXPORT_H

#include "analysis/analysis.h"
#include "export/limit.h"
#include "sync/base/array.h"

struct page_told;

/**
 * struct export_options - all 0 is the default
 * @output:	the file, or "-": stdout, if the format can be written to it; or what
 *		the format has instead of one
 * @table:	the only table to write, NULL: all
 * @raw:	the events, too
 * @most_bytes:	the file is not to be larger, 0: it may be
 * @tell:	something to know before it is written; NULL: do not
 * @told:	what else a page has, see told.h; NULL: nothing
 * @analysis:	since, until and vm
 */
struct export_options {
	const char *output;
	const char *table;
	bool raw;
	int64_t most_bytes;
	void (*tell)(const char *text);
	const struct page_told *told;
	struct analysis_options analysis;
};

/**
 * struct export_job - an export that goes on
 * @analysis:	what it is of
 * @options:	what was asked for
 * @path:	the file that is written, under its temporary name; NULL: none
 * @limit:	what may be written, every row is asked for
 * @wanted:	[vCPU] is it asked for: 0 not known yet, 1 yes, 2 no
 * @until_ns:	[vCPU] of changes, see changes.h
 * @error:	negative errno: it could not be written, nothing more is taken
 * @why:	in words, "" where @error says all
 * @state:	the format's
 */
struct export_job {
	const struct analysis *analysis;
	const struct export_options *options;
	const char *path;
	struct export_limit limit;
	VMSYNC_ARRAY(uint8_t) wanted;
	VMSYNC_ARRAY(int64_t) until_ns;
	int error;
	char why[200];
	void *state;
};

/**
 * struct export_format - a format
 * @name:	"jsonl", ...
 * @stdout_too:	it can be written to a pipe
 * @has_tables:	one of them can be asked for
 * @one_table:	one has to be: without, it is the first
 * @event_bytes: of an event, beside its texts, about; 0: it takes none
 * @output_check: it writes no file: what is named instead is right (NULL), or what is
 *		wrong with it, in words
 * @begin:	before the first event: open the file, fill in the sink, whose
 *		context is the job. Return: 0 or a negative errno.
 * @end:	all was told: write the rest. Return: 0 or a negative errno.
 * @free:	free the state, after an error too
 */
struct export_format {
	const char *name;
	bool stdout_too;
	bool has_tables;
	bool one_table;
	unsigned int event_bytes;
	const char *(*output_check)(const char *output);
	int (*begin)(struct export_job *j, struct analysis_sink *sink);
	int (*end)(struct export_job *j);
	void (*free)(struct export_job *j);
};

extern const struct export_format export_clickhouse;
extern const struct export_format export_jsonl;
extern const struct export_format export_csv;
extern const struct export_format export_parquet;
extern const struct export_format export_perfetto;
extern const struct export_format export_sqlite; /* may be built without */

/**
 * export_run() - analyse a session and write it
 * @s:		its maps are made
 * @progress:	may be NULL
 * Return: 0 or a negative errno; then there is no file.
 */
int export_run(const struct vmsync_session *s, const struct export_format *f,
	       const struct export_options *options,
	       const struct vmsync_progress *progress, struct ctf_error *e);

/** export_wants() - is a virtual CPU of a VM that is asked for? */
bool export_wants(struct export_job *j, uint32_t vcpu);

/** export_wants_machine() - the same of a guest whose trace there is */
bool export_wants_machine(const struct export_job *j, uint32_t machine);

/**
 * export_clip() - leave what is within the time that was asked for
 * Return: whether something is left.
 */
bool export_clip(const struct export_job *j, int64_t *from_ns,
		 int64_t *until_ns);

/**
 * export_text() - a name that may be any bytes, as UTF-8 without control
 * characters
 * @buf:	[@size]; what does not fit is cut off
 *
 * What is no character of UTF-8, a control character and a backslash become
 * \xHH, so that no two names are the same text.
 */
const char *export_text(const char *s, char *buf, size_t size);

#endif /* VMSYNC_EXPORT_EXPORT_H */
