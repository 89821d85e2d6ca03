// SPDX-License-Identifier: GPL-2.0-only
/* vmsync.ko: this kernel's clock, told as events. Same on host and guest. */
#include <linux/debugfs.h>
#include <linux/module.h>
#include <linux/seq_file.h>

#include "core.h"
#include "listen.h"
#include "vmsync.h"

struct dentry *vmsync_debugfs;
EXPORT_SYMBOL_GPL(vmsync_debugfs);

static int clock_show(struct seq_file *m, void *unused)
{
	struct vmsync_line line;

	vmsync_line_get(&line);
	seq_printf(m, "clocksource=%u lines=%u knots_lost=%u\n",
		   line.clocksource, line.seq, vmsync_knots_lost());
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(clock);

static int __init vmsync_init(void)
{
	int err;

	vmsync_knot_init();
	err = vmsync_line_init();
	if (err)
		goto err_line;
	/* To look at only: all works without. */
	vmsync_debugfs = debugfs_create_dir("vmsync", NULL);
	debugfs_create_file("clock", 0444, vmsync_debugfs, NULL, &clock_fops);
	return 0;

err_line:
	vmsync_knot_exit();
	vmsync_listen_exit();
	return err;
}

static void __exit vmsync_exit(void)
{
	debugfs_remove(vmsync_debugfs);
	vmsync_line_exit();
	vmsync_knot_exit();
	vmsync_listen_exit();
}

module_init(vmsync_init);
module_exit(vmsync_exit);

MODULE_DESCRIPTION("vmsync: changes of this kernel's clock as trace events");
MODULE_AUTHOR("vmsync authors");
MODULE_VERSION(VMSYNC_VERSION);
MODULE_LICENSE("GPL");
