// SPDX-License-Identifier: MIT
/*
 * parquet ROWS FILE [VCPUS [TABLE]]: how fast rows become a file of Parquet,
 * without what finds them: states of VCPUS (8) virtual CPUs, in the order of
 * their ends, made up beforehand. TABLE is states, or changes, which have no
 * ends. Prints rows and bytes.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "export/parquet_column.h"
#include "export/parquet_file.h"

#define MADE	  (1u << 16) /* rows that are made up, and then come again */
#define MOST_CPUS 1024

static uint64_t rng_state = 88172645463325252;
static int64_t ends[MOST_CPUS];
static unsigned int vcpus = 8;

static uint64_t rng(uint64_t below)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state % below;
}

/* Short ones are as likely as long ones. */
static int64_t some_ns(unsigned int bits)
{
	return (int64_t)(200 + rng(1ull << (6 + rng(bits))));
}

static unsigned int first(void)
{
	unsigned int i, found = 0;

	for (i = 1; i < vcpus; i++) {
		if (ends[i] < ends[found])
			found = i;
	}
	return found;
}

static struct export_value number(int64_t n, bool is)
{
	return (struct export_value){ .number = n, .none = !is };
}

static struct export_value text(const char *s)
{
	return (struct export_value){ .text = s, .none = !s };
}

/* Half of the time in the guest, in between in KVM; now and then it waits. */
static void row_make(struct export_value *v, unsigned int nr)
{
	static const char *const others[] = {"host_irq", "preempted",
					     "user_space", "waking"};
	static int64_t thread[MOST_CPUS];
	unsigned int vcpu = first();
	bool guest = nr & 1;
	const char *other = rng(8) ? "hypervisor" : others[rng(4)];
	bool woken = !guest && other == others[3];

	if (!rng(3))
		thread[vcpu] = (int64_t)rng(40);
	v[0] = number(vcpu, true);
	v[1] = number(ends[vcpu], true);
	ends[vcpu] += some_ns(guest ? 12 : 7);
	v[2] = number(ends[vcpu], true);
	v[3] = text(guest ? "guest" : other);
	v[4] = text(guest ? "guest" : "hypervisor");
	v[5] = number(thread[vcpu], true);
	v[6] = number(vcpu, true);
	v[7] = text(woken ? "task" : NULL);
	v[8] = number((int64_t)rng(40), woken);
	v[9] = number(0, false);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int row_write(struct parquet *p, const struct export_value *v,
		     enum export_table table)
{
	struct export_value change[9] = { v[0], v[1] };

	if (table == EXPORT_STATES)
		return parquet_row(p, v);
	memcpy(change + 2, v + 3, 7 * sizeof(*v));
	return parquet_row(p, change);
}

/* Return: 0 or a negative errno. */
static int rows_write(struct parquet *p, struct export_value (*rows)[10],
		      uint64_t n, enum export_table table)
{
	int64_t round_ns = 0;
	uint64_t i;
	int ret = 0;

	for (i = 0; i < MADE; i++)
		round_ns = rows[i][2].number > round_ns ? rows[i][2].number :
							  round_ns;
	for (i = 0; !ret && i < n; i++) {
		struct export_value *v = rows[i % MADE];

		ret = row_write(p, v, table);
		v[1].number += round_ns;
		v[2].number += round_ns;
	}
	return ret ? ret : parquet_end(p);
}

int main(int argc, char **argv)
{
	struct export_value(*rows)[10] = malloc(MADE * sizeof(*rows));
	uint64_t n = argc > 2 ? strtoull(argv[1], NULL, 0) : 0;
	int fd = argc > 2 ? open(argv[2], O_WRONLY | O_CREAT | O_EXCL, 0666) :
			    -1;
	enum export_table table = argc > 4 && !strcmp(argv[4], "changes") ?
					  EXPORT_CHANGES :
					  EXPORT_STATES;
	struct parquet *p = parquet_new(table, fd, PARQUET_ROWS);
	double begin;
	unsigned int i;

	if (argc > 3)
		vcpus = (unsigned int)strtoul(argv[3], NULL, 0);
	if (!rows || !p || fd < 0 || !vcpus || vcpus > MOST_CPUS) {
		fprintf(stderr, "usage: parquet ROWS FILE [VCPUS [TABLE]]\n");
		return 2;
	}
	for (i = 0; i < MADE; i++)
		row_make(rows[i], i);
	begin = seconds();
	if (rows_write(p, rows, n, table))
		return 2;
	begin = seconds() - begin;
	printf("%.1f M rows/s, %.2f bytes a row\n", (double)n / begin / 1e6,
	       (double)lseek(fd, 0, SEEK_CUR) / (double)n);
	parquet_free(p);
	free(rows);
	return 0;
}
