// SPDX-License-Identifier: MIT
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "fuse/fail.h"
#include "libvirt/virsh.h"
#include "setup/setup.h"

static const char help[] =
"usage: vmsync setup host [OPTION]...\n"
"       vmsync setup guest DOMAIN [OPTION]...\n"
"       vmsync setup tracer [OPTION]...\n"
"\n"
"host: has vmsyncd started by systemd, and libvirt tell it of domains by a hook.\n"
"guest: gives a domain of libvirt's the port of vmsync-agent, in its stored\n"
"definition, and at once where it runs and libvirt can.\n"
"tracer: has DKMS build LTTng's kernel modules, and vmsync's probes, from the\n"
"distribution's source, without what does not build for the kernel; where LTTng's\n"
"are there, the probes only.\n"
"Each step is said before it is done; what is so already is left alone.\n"
"\n"
"      --undo          take it away again\n"
"      --dry-run       only say what would be done\n"
"      --connect=URI   whose libvirt; default: qemu:///system\n"
"      --kernel=NAME   tracer: for that kernel; default: the one that runs\n"
"      --lttng=DIR     tracer: from these sources of lttng-modules\n"
"  -h, --help          this text\n"
"\n"
"Exit status: 0 done, or nothing was to be done; 1 done, but not all of it (a\n"
"running domain gets the port at its next start), or something is left to you;\n"
"2 it could not be done.\n";

#define HOOK_DIR "/etc/libvirt/hooks/qemu.d"
#define HOOK HOOK_DIR "/vmsync"

struct arguments {
	struct vmsync_setup how;
	const char *uri;
	const char *kernel;
	const char *lttng;
};

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	switch (option) {
	case 'U':
		args->how.undo = true;
		break;
	case 'D':
		args->how.dry = true;
		break;
	case 'K':
		args->kernel = value;
		break;
	case 'L':
		args->lttng = value;
		break;
	default:
		args->uri = value;
	}
	return 0;
}

static int run(const struct arguments *args, const char *const argv[])
{
	struct ctf_error e;

	return vmsync_setup_run(&args->how, argv, &e) ? cmd_error("setup", &e) : 0;
}

static int hook_failed(const char *path, int err, const char *remedy)
{
	struct ctf_error e;

	vmsync_fail(&e, -err, remedy, "%s: %s", path, strerror(err));
	return cmd_error("setup", &e);
}

static int hook_add(const struct arguments *args)
{
	static char program[PATH_MAX];
	struct stat st;

	if (!lstat(HOOK, &st))
		return 0;
	if (access("/etc/libvirt", F_OK)) {
		puts("libvirt is not here: no hook is added");
		return 0;
	}
	if (vmsync_setup_installed(program, "libexec/vmsync/libvirt-hook"))
		return hook_failed(program, ENOENT, "install it: apt install vmsync-host, or make install");
	if (!vmsync_setup_step(&args->how, "make the link " HOOK " to ", program))
		return 0;
	if ((mkdir("/etc/libvirt/hooks", 0755) && errno != EEXIST) ||
	    (mkdir(HOOK_DIR, 0755) && errno != EEXIST) ||
	    symlink(program, HOOK))
		return hook_failed(HOOK, errno, errno == EACCES ? "be root" : "");
	puts("libvirt sees its first hook when it is started anew; until then vmsyncd\n"
	     "looks by itself, each second");
	return 0;
}

static int hook_remove(const struct arguments *args)
{
	struct stat st;

	/* What is no link was not made here. */
	if (lstat(HOOK, &st) || !S_ISLNK(st.st_mode) ||
	    !vmsync_setup_step(&args->how, "remove the link ", HOOK))
		return 0;
	if (unlink(HOOK))
		return hook_failed(HOOK, errno, "be root");
	/* They may have been made for it; others' are not empty. */
	if (!rmdir(HOOK_DIR))
		rmdir("/etc/libvirt/hooks");
	return 0;
}

static int host(const struct arguments *args)
{
	static const char *const group[] = { "systemd-sysusers", "vmsync.conf",
					     NULL };
	static const char *const reload[] = { "systemctl", "daemon-reload", NULL };
	static const char *const enable[] = { "systemctl", "enable", "--now",
					      "vmsyncd.socket", "vmsyncd.service",
					      NULL };
	static const char *const disable[] = { "systemctl", "disable", "--now",
					       "vmsyncd.service",
					       "vmsyncd.socket", NULL };
	int ret = args->how.undo ? hook_remove(args) : hook_add(args);

	if (!ret && access("/run/systemd/system", F_OK)) {
		puts("systemd does not run here: start vmsyncd by hand, with --control "
		     "and --hook");
		return 0;
	}
	if (args->how.undo)
		return ret ? ret : run(args, disable);
	if (!ret)
		ret = run(args, group);
	if (!ret)
		ret = run(args, reload);
	return ret ? ret : run(args, enable);
}

/*
 * In the definition, or in the running domain.
 * Return: 0: it is as it shall be, or why not, with @e.
 */
static int change(const struct arguments *args, const char *name, bool stored,
		  struct ctf_error *e)
{
	static struct vmsync_domain d;
	const char *what = args->how.undo ?
		stored ? "take the port out of the definition of " :
			 "take the port out of the running " :
		stored ? "add the port to the definition of " :
			 "add the port to the running ";
	int ret = vmsync_virsh_domain(args->uri, name, stored, &d, e);

	if (ret || (d.port != VMSYNC_DOMAIN_NO_PORT) == !args->how.undo)
		return ret;
	if (!vmsync_setup_step(&args->how, what, name))
		return 0;
	return vmsync_virsh_channel(args->uri, name, stored, !args->how.undo, e);
}

static int guest(const struct arguments *args, const char *name)
{
	struct vmsync_virsh_state state;
	struct ctf_error e;
	int ret = vmsync_virsh_state(args->uri, name, &state, &e);

	if (!ret && state.persistent)
		ret = change(args, name, true, &e);
	if (ret)
		return cmd_error("setup", &e);
	if (!state.running)
		return 0;
	ret = change(args, name, false, &e);
	if (!ret)
		return 0;
	if (!state.persistent)
		return cmd_error("setup", &e);
	vmsync_fail(&e, ret, "it is so from its next start on",
		    "the running domain stays as it is: %.300s",
		    strdupa(e.msg));
	cmd_error("setup", &e);
	return EXIT_FOUND;
}

static int tracer(const struct arguments *args)
{
	const struct vmsync_setup_tracer t = {
		.how = args->how, .kernel = args->kernel, .lttng = args->lttng,
	};
	struct ctf_error e;
	int ret = vmsync_setup_tracer(&t, &e);

	return ret < 0 ? cmd_error("setup", &e) : ret ? EXIT_FOUND : 0;
}

static int setup(const struct arguments *args, char **argv)
{
	const char *what = argv[0] ? argv[0] : "";

	if ((args->kernel || args->lttng) && strcmp(what, "tracer"))
		return cmd_usage_error("setup", "--kernel and --lttng are of tracer");
	if (args->uri && strcmp(what, "guest"))
		return cmd_usage_error("setup", "--connect is of guest");
	if (!strcmp(what, "host") && !argv[1])
		return host(args);
	if (!strcmp(what, "guest") && argv[1] && !argv[2])
		return guest(args, argv[1]);
	if (!strcmp(what, "tracer") && !argv[1])
		return tracer(args);
	return cmd_usage_error("setup", "give host, tracer, or guest and a domain");
}

int cmd_setup(int argc, char **argv)
{
	static const struct option table[] = {
		{ "undo", no_argument, NULL, 'U' },
		{ "dry-run", no_argument, NULL, 'D' },
		{ "connect", required_argument, NULL, 'C' },
		{ "kernel", required_argument, NULL, 'K' },
		{ "lttng", required_argument, NULL, 'L' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	static const struct cmd_options options = {
		"setup", help, ":h", table, take,
	};
	struct arguments args = { 0 };
	int ret = cmd_options(&options, argc, argv, &args);

	if (ret == CMD_GO_ON)
		ret = setup(&args, argv + optind);
	return cmd_flush("setup") ? ret : EXIT_TROUBLE;
}
