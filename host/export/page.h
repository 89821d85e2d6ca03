/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the page share; for host/export/page*.c only.
 *
 *	page.c		the format: what is kept while the analysis runs
 *	page_write.c	the page: sentences, and the data of the timeline
 *	page_notes.c	what must not be overlooked
 *	page_tables.c	the tables
 *	page_series.c	wanted and got, over time
 *	page_clocks.c	how well the clocks are known
 *	page_told.c	what services and QEMUs told, see told.h
 *	page_join.c	a live migration of these
 *	page_lanes.c	its picture
 *	page.css, page.js	as they are in the page
 */
#ifndef VMSYNC_EXPORT_PAGE_H
#define VMSYNC_EXPORT_PAGE_H

#include "export/export.h"
#include "export/slices.h"

/* Rows of a table, and of the timeline for threads of guests. */
#define PAGE_LONGEST 20
#define PAGE_THREADS 500

/*
 * Slices in all, some 5 bytes of the page each; and what they have of it, with
 * the names of threads.
 */
#define PAGE_SLICES	  1000000
#define PAGE_SLICES_BYTES 5000000

/* Virtual CPUs that have a series: those that were denied the most. */
#define PAGE_SERIES 32

/* Bytes of the pictures of clocks, and beacons that one shows. */
#define PAGE_PLOT_BYTES 500000
#define PAGE_PLOT_DOTS	1000

/** enum page_row_kind - what a row of the timeline is of */
enum page_row_kind { PAGE_VCPU, PAGE_THREAD, PAGE_CPU };

/** struct page_row - row number of the timeline */
struct page_row {
	enum page_row_kind kind;
	uint32_t number;
};

/** struct page_run - a thread has had a CPU of the host since then */
struct page_run {
	int32_t tid; /* -1: not known */
	int64_t since_ns;
};

/**
 * struct page - what is kept
 * @vcpu_row, @thread_row, @cpu_row: by number, the row plus 1, or 0
 * @windows:	what each virtual CPU did in every part of the time
 * @windows_sink: fills them in
 * @runs:	by number of the host's CPU: who runs, and since when
 */
struct page {
	struct export_job *job;
	struct slices slices;
	struct analysis_windows windows;
	struct analysis_sink windows_sink;
	VMSYNC_ARRAY(struct page_row) rows;
	VMSYNC_ARRAY(uint32_t) vcpu_row;
	VMSYNC_ARRAY(uint32_t) thread_row;
	VMSYNC_ARRAY(uint32_t) cpu_row;
	VMSYNC_ARRAY(struct page_run) runs;
	struct analysis_charge waits[PAGE_LONGEST];
	int n_waits;
	struct analysis_exit exits[PAGE_LONGEST];
	int n_exits;
	uint32_t n_threads;
};

/** page_nonce() - of a page: what names its own style and script; 0 or -EIO */
#define PAGE_NONCE 33
int page_nonce(char nonce[PAGE_NONCE]);

/** page_begin() - up to the text of the title; page_style() - all of the head
 * from its end on */
void page_begin(FILE *f, const char *nonce);
void page_style(FILE *f, const char *nonce);

/** page_write() - all of it */
void page_write(struct page *p, FILE *f);

/** page_notes() - what must not be overlooked, if there is anything */
void page_notes(FILE *f, const struct page *p);

/** page_tables() - all of them, and what belongs to them */
void page_tables(FILE *f, struct page *p);

/** page_series() - where the script draws them */
void page_series(FILE *f, struct page *p);

/** page_series_data() - "window": ns, "series": [...], as members of an object
 */
void page_series_data(FILE *f, struct page *p);

/** page_clocks() - a table of all guests, and their maps as pictures */
void page_clocks(FILE *f, struct page *p);

/**
 * page_table_begin() - a section with a table
 * @heads:	ends with NULL; of columns of numbers they begin with >
 */
void page_table_begin(FILE *f, const char *id, const char *title,
		      const char *const *heads);

/** page_table_end() - of the table; its section is still open */
void page_table_end(FILE *f);

/** page_json() - any bytes as a string of JSON, in which nothing is a tag */
void page_json(FILE *f, const char *s);

/** page_text() - any bytes as text of HTML, and of attributes in quotes */
void page_text(FILE *f, const char *s);

/** page_machine_name() - of the host or a guest */
const char *page_machine_name(const struct page *p, uint32_t machine);

/* A row's number plus 1, or 0. */
static inline uint32_t page_vcpu_row(const struct page *p, uint32_t vcpu)
{
	return vcpu < p->vcpu_row.count ? p->vcpu_row.at[vcpu] : 0;
}

static inline uint32_t page_thread_row(const struct page *p, uint32_t thread)
{
	return thread < p->thread_row.count ? p->thread_row.at[thread] : 0;
}

extern const struct export_format export_page;

#endif /* VMSYNC_EXPORT_PAGE_H */
