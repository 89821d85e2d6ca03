// SPDX-License-Identifier: MIT
/* What perf calls fields and contexts, where it has both under names alike. */
#include <string.h>

#include "check.h"
#include "fuse/names.h"

#define NUMBER "integer { size = 32; align = 8; signed = 1; } "

static const char metadata[] =
	"/* CTF 1.8 */\n"
	"trace { major = 1; minor = 8; byte_order = le; };\n"
	"env { host = \"web\"; tracer_name = \"perf\"; };\n"
	"stream { event.header := struct { integer { size = 32; align = 8; } id; }; };\n"
	"event { name = \"sched:sched_waking\"; id = 0; fields := struct {\n"
	NUMBER "perf_tid; " NUMBER "perf_pid; " NUMBER "comm; " NUMBER "pid; }; };\n"
	"event { name = \"sched:sched_process_fork\"; id = 1; fields := struct {\n"
	NUMBER "perf_tid; " NUMBER "parent_pid; " NUMBER "child_pid; }; };\n"
	"event { name = \"kvm:kvm_entry\"; id = 2; fields := struct {\n"
	NUMBER "perf_tid; " NUMBER "vcpu_id; }; };\n";

static struct ctf_trace *trace_make(char folder[32])
{
	struct ctf_error e;
	char path[64];
	FILE *f;

	strcpy(folder, "/tmp/vmsync-names-XXXXXX");
	CHECK(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/metadata", folder);
	f = fopen(path, "w");
	CHECK(f && fputs(metadata, f) >= 0 && !fclose(f));
	return ctf_trace_open(folder, &e);
}

/* The bits before a field tell which one it is. */
static uint64_t payload(const struct ctf_trace *t, size_t cls, const char *name)
{
	struct ctf_field f;

	return vmsync_payload_find(ctf_trace_class(t, cls), name, &f) ?
		       f.fixed :
		       UINT64_MAX;
}

static uint64_t context(const struct ctf_trace *t, size_t cls, const char *name)
{
	struct ctf_field f;

	return vmsync_context_find(ctf_trace_class(t, cls), name, &f) ?
		       f.fixed :
		       UINT64_MAX;
}

int main(int argc, char **argv)
{
	char folder[32], path[64];
	struct ctf_trace *t;

	check_init(argc, argv);
	t = trace_make(folder);
	CHECK(t);
	if (t) {
		/* Who is woken is not who wakes. */
		CHECK_EQ(payload(t, 0, "tid"), 96);
		CHECK_EQ(context(t, 0, "tid"), 0);
		CHECK_EQ(context(t, 0, "pid"), 32);
		CHECK_EQ(payload(t, 1, "parent_tid"), 32);
		CHECK_EQ(payload(t, 1, "child_tid"), 64);
		CHECK_EQ(payload(t, 2, "tid"), UINT64_MAX);
		CHECK_EQ(context(t, 2, "tid"), 0);
		CHECK(!strcmp(vmsync_event_name(ctf_trace_class(t, 0)),
			      "sched_waking"));
		CHECK(!strcmp(vmsync_hostname(t), "web"));
	}
	ctf_trace_close(t);
	snprintf(path, sizeof(path), "%s/metadata", folder);
	unlink(path);
	rmdir(folder);
	return check_done();
}
