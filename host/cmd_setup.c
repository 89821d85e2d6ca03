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
#include "fuse/print.h"
#include "libvirt/virsh.h"
#include "run.h"

static const char help[] =
"usage: vmsync setup host [OPTION]...\n"
"       vmsync setup guest DOMAIN [OPTION]...\n"
"\n"
"host: has vmsyncd started by systemd, and libvirt tell it of domains by a hook.\n"
"guest: gives a domain of libvirt's the port of vmsync-agent, in its stored\n"
"definition, and at once where it runs and libvirt can. Each step is said before\n"
"it is done; what is so already is left alone.\n"
"\n"
"      --undo          take it away again\n"
"      --dry-run       only say what would be done\n"
"      --connect=URI   whose libvirt; default: qemu:///system\n"
"  -h, --help          this text\n"
"\n"
"Exit status: 0 done, or nothing was to be done; 1 done, but not all of it (a\n"
"running domain gets the port at its next start); 2 it could not be done.\n";

#define HOOK_DIR "/etc/libvirt/hooks/qemu.d"
#define HOOK HOOK_DIR "/vmsync"

struct arguments {
	const char *uri;
	bool undo;
	bool dry;
};

static int take(void *arguments, int option, const char *value)
{
	struct arguments *args = arguments;

	if (option == 'U')
		args->undo = true;
	else if (option == 'D')
		args->dry = true;
	else
		args->uri = value;
	return 0;
}

/* Say it. Return: it is to be done. */
static bool step(const struct arguments *args, const char *what, const char *name)
{
	fputs(args->dry ? "would " : "", stdout);
	fputs(what, stdout);
	print_clean(stdout, name);
	putchar('\n');
	fflush(stdout);
	return !args->dry;
}

static int run(const struct arguments *args, const char *const argv[])
{
	char text[256] = "run", said[200];
	struct ctf_error e;
	size_t i, n;

	for (i = 0; argv[i]; i++) {
		n = strlen(text);
		snprintf(text + n, sizeof(text) - n, " %s", argv[i]);
	}
	if (!step(args, text, "") ||
	    !vmsync_run(argv, NULL, said, sizeof(said)))
		return 0;
	vmsync_fail(&e, -EIO, "", "%s: %s", argv[0], said);
	return cmd_error("setup", &e);
}

/* Where it was installed, beside this program. */
static int hook_program(char out[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 64);
	char *slash;

	if (n <= 0)
		return -ENOENT;
	out[n] = 0;
	slash = strrchr(out, '/');
	if (!slash)
		return -ENOENT;
	strcpy(slash, "/../libexec/vmsync/libvirt-hook");
	return access(out, X_OK) ? -errno : 0;
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
	if (hook_program(program))
		return hook_failed(program, ENOENT, "install it: make install");
	if (!step(args, "make the link " HOOK " to ", program))
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
	    !step(args, "remove the link ", HOOK))
		return 0;
	return unlink(HOOK) ? hook_failed(HOOK, errno, "be root") : 0;
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
	int ret = args->undo ? hook_remove(args) : hook_add(args);

	if (!ret && access("/run/systemd/system", F_OK)) {
		puts("systemd does not run here: start vmsyncd by hand, with --control "
		     "and --hook");
		return 0;
	}
	if (args->undo)
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
	const char *what = args->undo ?
		stored ? "take the port out of the definition of " :
			 "take the port out of the running " :
		stored ? "add the port to the definition of " :
			 "add the port to the running ";
	int ret = vmsync_virsh_domain(args->uri, name, stored, &d, e);

	if (ret || (d.port != VMSYNC_DOMAIN_NO_PORT) == !args->undo)
		return ret;
	if (!step(args, what, name))
		return 0;
	return vmsync_virsh_channel(args->uri, name, stored, !args->undo, e);
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

static int setup(const struct arguments *args, char **argv)
{
	const char *what = argv[0] ? argv[0] : "";

	if (!strcmp(what, "host") && !argv[1])
		return host(args);
	if (!strcmp(what, "guest") && argv[1] && !argv[2])
		return guest(args, argv[1]);
	return cmd_usage_error("setup", "give host, or guest and a domain");
}

int cmd_setup(int argc, char **argv)
{
	static const struct option table[] = {
		{ "undo", no_argument, NULL, 'U' },
		{ "dry-run", no_argument, NULL, 'D' },
		{ "connect", required_argument, NULL, 'C' },
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
