// SPDX-License-Identifier: GPL-2.0-only
/* vmsync.ko: this kernel's clock, told as events. Same on host and guest. */
#include <linux/module.h>

#include "core.h"
#include "listen.h"

static int __init vmsync_init(void)
{
	int err;

	vmsync_knot_init();
	err = vmsync_line_init();
	if (err)
		goto err_line;
	return 0;

err_line:
	vmsync_knot_exit();
	vmsync_listen_exit();
	return err;
}

static void __exit vmsync_exit(void)
{
	vmsync_line_exit();
	vmsync_knot_exit();
	vmsync_listen_exit();
}

module_init(vmsync_init);
module_exit(vmsync_exit);

MODULE_DESCRIPTION("vmsync: changes of this kernel's clock as trace events");
MODULE_AUTHOR("vmsync authors");
MODULE_LICENSE("GPL");
