// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/vmsync/host: what the module does, knows, takes and leaves
 * out, for people to look at. Documentation/protocol.rst has the fields.
 */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "host.h"

static void vm_show(struct host_vm *vm, void *m)
{
	seq_printf(m,
		   "vm_pid=%d vm_serial=%u vcpus=%u vm_uid=%llu taken=%lld dropped=%lld suspect=%lld user=%lld slow=%lld slow_dropped=%lld\n",
		   vm->pid, vm->serial, READ_ONCE(vm->n_vcpus),
		   READ_ONCE(vm->uid),
		   (s64)atomic64_read(&vm->counts.taken),
		   (s64)atomic64_read(&vm->counts.dropped),
		   (s64)atomic64_read(&vm->counts.suspect),
		   (s64)atomic64_read(&vm->counts.user),
		   (s64)atomic64_read(&vm->counts.slow),
		   (s64)atomic64_read(&vm->counts.slow_dropped));
}

static int host_show(struct seq_file *m, void *unused)
{
	struct host_usage usage;

	host_table_usage(&usage);
	seq_printf(m, "vms=%u vcpus=%u untracked=%llu\n", usage.vms, usage.vcpus,
		   usage.untracked);
	seq_printf(m, "sessions=%u attached=%d kprobe=%d\n",
		   READ_ONCE(host_session), host_session_attached(),
		   host_death_works());
	host_vm_each(vm_show, m);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(host);

static struct dentry *file;

void host_state_init(void)
{
	file = debugfs_create_file("host", 0444, vmsync_debugfs, NULL,
				   &host_fops);
}

void host_state_exit(void)
{
	debugfs_remove(file);
}
