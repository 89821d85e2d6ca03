// SPDX-License-Identifier: MIT
/* The runs that are kept come back as they were, from memory and from a file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "fuse/runs.h"

#define MAX 200000

static struct vmsync_run_end want[MAX];

static void make(size_t n)
{
	int64_t ns = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned int shift = (unsigned int)check_range(0, 40);

		/* Gaps of all sizes, about the word's limit too. */
		ns += (int64_t)(check_rand() & ((1ull << shift) - 1));
		if (!check_range(0, 999))
			ns += UINT32_MAX - 1 + (int64_t)check_range(0, 2);
		want[i] = (struct vmsync_run_end){
			.ns = ns,
			.tid = (int32_t)check_range(0, 3000),
			.vcpu_id = (int32_t)check_range(0, 9) - 1,
			.entry = check_rand() & 1,
		};
		if (!check_range(0, 99))
			want[i].tid = (int32_t)check_rand();
	}
}

static void read_back(struct vmsync_runs *r, size_t n)
{
	struct vmsync_run_end end;
	struct ctf_error e;
	size_t i;
	int ret;

	CHECK_EQ(vmsync_runs_rewind(r, &e), 0);
	for (i = 0; (ret = vmsync_runs_next(r, &end, &e)) > 0; i++) {
		if (i >= n || end.ns != want[i].ns || end.tid != want[i].tid ||
		    end.vcpu_id != want[i].vcpu_id ||
		    end.entry != want[i].entry)
			break;
	}
	CHECK_EQ(ret, 0);
	CHECK_EQ(i, n);
	CHECK_EQ(vmsync_runs_next(r, &end, &e), 0);
}

static void run_one(size_t n)
{
	struct vmsync_runs *r = vmsync_runs_new();
	struct ctf_error e;
	size_t i;

	make(n);
	for (i = 0; i < n; i++) {
		if (vmsync_runs_add(r, &want[i], &e))
			break;
	}
	CHECK_EQ(i, n);
	read_back(r, n);
	read_back(r, n);
	vmsync_runs_free(r);
}

/* Where the file cannot be, it is said, with what helps. */
static void test_no_folder(void)
{
	struct vmsync_runs *r = vmsync_runs_new();
	struct ctf_error e = { 0 };
	int ret = 0;
	size_t i;

	setenv("TMPDIR", "/nonexistent/folder", 1);
	for (i = 0; !ret && i < MAX; i++)
		ret = vmsync_runs_add(r, &want[i], &e);
	CHECK_EQ(ret, -ENOENT);
	CHECK(strstr(e.msg, "/nonexistent/folder"));
	CHECK(strstr(e.remedy, "TMPDIR"));
	vmsync_runs_free(r);
	unsetenv("TMPDIR");
}

int main(int argc, char **argv)
{
	int i;

	check_init(argc, argv);
	run_one(0);
	run_one(1);
	for (i = 0; i < 20; i++)
		run_one((size_t)check_range(1, 40000));
	run_one(MAX);
	test_no_folder();
	return check_done();
}
