// SPDX-License-Identifier: MIT
/*
 * LTTng's kernel modules where the distribution's do not build as they are, and
 * vmsync's probes for them: sources in /usr/src, which DKMS builds now and for each
 * kernel to come. tools/tracer/ says what is left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor/system.h"
#include "fuse/fail.h"
#include "base/run.h"
#include "setup/setup.h"

#define NAME "vmsync-tracer"
#define SOURCES "/usr/src/" NAME "-"
#define SOURCE SOURCES VMSYNC_VERSION
#define TREE "/var/lib/dkms/" NAME
#define OTHER_TREE "/var/lib/dkms/lttng-modules"

struct tracer {
	const struct vmsync_setup_tracer *args;
	struct doctor system;		/* root "", and the kernel */
	char lttng[PATH_MAX];		/* sources, or "package" */
	char modules[PATH_MAX];		/* sources of vmsync's modules */
	char script[PATH_MAX];
	bool probes_only;
	bool there;			/* SOURCE is, for another kernel */
};

/* Call @each with every path that matches. */
static int each_path(const char *pattern,
		     int (*each)(const struct tracer *t, const char *path,
				 struct ctf_error *e),
		     const struct tracer *t, struct ctf_error *e)
{
	glob_t found;
	int ret = 0;

	if (glob(pattern, 0, NULL, &found))
		return 0;
	for (size_t i = 0; i < found.gl_pathc && !ret; i++)
		ret = each(t, found.gl_pathv[i], e);
	globfree(&found);
	return ret;
}

static int remove_tree(const struct tracer *t, const char *path,
		       struct ctf_error *e)
{
	const char *version = strrchr(path, '/') + 1;
	const char *argv[] = { "dkms", "remove", "-m", NAME, "-v", version,
			       "--all", NULL };

	/* DKMS's links have other names than versions. */
	if (*version < '0' || *version > '9')
		return 0;
	return vmsync_setup_run(&t->args->how, argv, e);
}

static int remove_source(const struct tracer *t, const char *path,
			 struct ctf_error *e)
{
	const char *argv[] = { "rm", "-rf", path, NULL };

	return vmsync_setup_run(&t->args->how, argv, e);
}

static int remove_all(const struct tracer *t, struct ctf_error *e)
{
	int ret = each_path(TREE "/*", remove_tree, t, e);

	return ret ? ret : each_path(SOURCES "*", remove_source, t, e);
}

/* Those that were named, or the newest that is installed, or the package's. */
static void find_lttng(struct tracer *t)
{
	const char *best = t->args->lttng ? t->args->lttng : "";
	glob_t found = { 0 };

	if (!*best && !glob("/usr/src/lttng-modules-*", 0, NULL, &found))
		for (size_t i = 0; i < found.gl_pathc; i++)
			if (strverscmp(found.gl_pathv[i], best) > 0)
				best = found.gl_pathv[i];
	snprintf(t->lttng, sizeof(t->lttng), "%s", *best ? best : "package");
	globfree(&found);
}

static int make_source(const struct tracer *t, struct ctf_error *e)
{
	const char *argv[] = { t->script, SOURCE, VMSYNC_VERSION, t->modules,
			       t->lttng, t->probes_only ? "probes-only" : "all",
			       NULL };
	const char *from = strcmp(t->lttng, "package") ? t->lttng :
			   "the package lttng-modules-dkms, which is downloaded, not installed";
	char said[200];

	if (!vmsync_setup_step(&t->args->how, "make " SOURCE " of ", from) ||
	    !vmsync_run(argv, NULL, said, sizeof(said)))
		return 0;
	return vmsync_fail(e, -EIO, "", SOURCE ": %s", said);
}

/* Print or find what build.sh said. Return: whether there was such a line. */
static bool log_lines(const char *path, const char *begin, char *last,
		      size_t size, const char *told)
{
	char line[512];
	bool found = false;
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, begin, strlen(begin)))
			continue;
		found = true;
		snprintf(last, size, "%s", line + strlen(begin));
		if (told)
			printf("%s%s\n", told, last);
	}
	if (f)
		fclose(f);
	return found;
}

/* What DKMS cannot build it would try again with each kernel. */
static int build_failed(const struct tracer *t, struct ctf_error *e)
{
	char why[400];
	struct ctf_error other;

	if (log_lines(TREE "/" VMSYNC_VERSION "/build/make.log", "tracer: ", why,
		      sizeof(why), NULL))
		vmsync_fail(e, -EIO,
			    "take newer sources, --lttng=DIR, or a kernel that LTTng knows",
			    "%s", why);
	if (!t->there)
		remove_all(t, &other);
	return -EIO;
}

static int add(const struct tracer *t, struct ctf_error *e)
{
	static const char *const argv[] = { "dkms", "add", "-m", NAME, "-v",
					    VMSYNC_VERSION, NULL };
	int ret = remove_all(t, e);

	if (!ret)
		ret = make_source(t, e);
	return ret ? ret : vmsync_setup_run(&t->args->how, argv, e);
}

static int build(const struct tracer *t, struct ctf_error *e)
{
	const char *argv[] = { "dkms", "install", "-m", NAME, "-v",
			       VMSYNC_VERSION, "-k", t->system.release, NULL };
	char path[PATH_MAX], left[100];
	int ret = t->there ? 0 : add(t, e);

	if (!ret && !t->args->how.dry)
		puts("the next step takes some minutes");
	if (!ret)
		ret = vmsync_setup_run(&t->args->how, argv, e);
	if (ret)
		return build_failed(t, e);
	snprintf(path, sizeof(path), TREE "/" VMSYNC_VERSION "/%s/x86_64/log/make.log",
		 t->system.release);
	log_lines(path, "left out: ", left, sizeof(left),
		  "left out, for it does not build for this kernel: ");
	return 0;
}

/*
 * A daemon that began without a tracer of the kernel goes on without one, and a
 * guest's agent, whose unit loads the probe, without that.
 */
static int restart(const struct tracer *t, struct ctf_error *e)
{
	static const char *const daemon[] = { "systemctl", "try-restart",
					      "lttng-sessiond.service", NULL };
	static const char *const is_active[] = { "systemctl", "-q", "is-active",
						 "vmsync-agent.service", NULL };
	static const char *const agent[] = { "systemctl", "try-restart",
					     "vmsync-agent.service", NULL };
	char said[8];
	int ret;

	if (t->args->kernel || access("/run/systemd/system", F_OK))
		return 0;
	ret = t->probes_only ? 0 : vmsync_setup_run(&t->args->how, daemon, e);
	if (ret || vmsync_run(is_active, NULL, said, sizeof(said)))
		return ret;
	return vmsync_setup_run(&t->args->how, agent, e);
}

static bool any_path(const char *pattern)
{
	glob_t found = { 0 };
	bool any = !glob(pattern, 0, NULL, &found);

	globfree(&found);
	return any;
}

/* From the disk, and from the kernel that runs. */
static int undo(struct tracer *t, struct ctf_error *e)
{
	const char *unload[] = { t->script, NULL };
	bool there = any_path(TREE) || any_path(SOURCES "*");
	int ret = remove_all(t, e);

	if (ret || !there || access("/run/systemd/system", F_OK) ||
	    vmsync_setup_installed(t->script, "share/vmsync/tracer/unload.sh"))
		return ret;
	return vmsync_setup_run(&t->args->how, unload, e);
}

static int needs(const struct tracer *t, struct ctf_error *e)
{
	static char headers[120];

	if (!system_command(&t->system, "dkms"))
		return vmsync_fail(e, -ENOENT, "apt-get install dkms",
				   "there is no dkms, which builds modules");
	if (!system_has(&t->system, "/lib/modules/%s/build/Makefile",
			t->system.release)) {
		snprintf(headers, sizeof(headers), "apt-get install linux-headers-%s",
			 t->system.release);
		return vmsync_fail(e, -ENOENT, headers,
				   "/lib/modules/%s/build: no headers of that kernel",
				   t->system.release);
	}
	if (!t->args->how.dry && access("/usr/src", W_OK))
		return vmsync_fail(e, -EACCES, "be root", "/usr/src: %s",
				   strerror(errno));
	return 0;
}

/* Is all there that is to be had? Says so. */
static bool done(const struct tracer *t)
{
	bool probes = access(t->modules, F_OK) ||
		      system_module_built(&t->system, "lttng-probe-vmsync");

	if (!system_module_built(&t->system, "lttng-tracer") || !probes ||
	    (!access(TREE, F_OK) && access(SOURCE, F_OK)))
		return false;
	printf("LTTng's modules%s are there for %s\n",
	       access(t->modules, F_OK) ? "" : " and vmsync's probes",
	       t->system.release);
	return true;
}

static int install(struct tracer *t, struct ctf_error *e)
{
	int ret;

	if (done(t))
		return 0;
	ret = needs(t, e);
	if (ret)
		return ret;
	t->probes_only = access(TREE, F_OK) &&
			 system_module_built(&t->system, "lttng-tracer");
	find_lttng(t);
	if (access(t->modules, F_OK))
		puts("without vmsync's probes: vmsync-dkms is not installed");
	t->there = !t->args->lttng && !access(SOURCE, F_OK);
	ret = build(t, e);
	if (!ret)
		ret = restart(t, e);
	if (ret || t->probes_only || access(OTHER_TREE, F_OK))
		return ret;
	puts("lttng-modules-dkms is installed, and would fail again with each new kernel:\n"
	     "apt-get remove lttng-modules-dkms");
	return 1;
}

int vmsync_setup_tracer(const struct vmsync_setup_tracer *args,
			struct ctf_error *e)
{
	struct tracer t = { .args = args, .system = { .root = "" } };

	if (args->how.undo)
		return undo(&t, e);
	if (doctor_roles(&t.system))
		return vmsync_fail(e, -ENOENT, "", "/proc: not mounted");
	if (args->kernel)
		snprintf(t.system.release, sizeof(t.system.release), "%s",
			 args->kernel);
	vmsync_setup_installed(t.modules, "src/vmsync-" VMSYNC_VERSION);
	if (vmsync_setup_installed(t.script, "share/vmsync/tracer/source.sh"))
		return vmsync_fail(e, -ENOENT, "install it: make install",
				   "%s: not there", t.script);
	return install(&t, e);
}
