// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "ctf/ctf.h"
#include "doctor/system.h"

/* A recording of a busy host takes tens of MB a second: this is a minute or so. */
#define FREE_LEAST (1ull << 30)

/* Kernels whose KVM vmsync-host.ko knows; kmod/compat-kvm.h says why. */
#define HOST_FIRST 1
#define HOST_LAST  12

/* Adds a check; say() and remedy() fill it in. */
static struct doctor_check *add(struct doctor *d, const char *name)
{
	struct doctor_check *c = &d->checks[d->n];

	if (d->n + 1 < sizeof(d->checks) / sizeof(d->checks[0]))
		d->n++;
	memset(c, 0, sizeof(*c));
	c->name = name;
	return c;
}

__attribute__((format(printf, 3, 4))) static void
say(struct doctor_check *c, enum doctor_state state, const char *found, ...)
{
	va_list args;

	c->state = state;
	va_start(args, found);
	vsnprintf(c->found, sizeof(c->found), found, args);
	va_end(args);
}

__attribute__((format(printf, 2, 3))) static void
remedy(struct doctor_check *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->remedy, sizeof(c->remedy), format, args);
	va_end(args);
}

/* Where virtualization is nested every guest has /dev/kvm; few have guests. */
static bool hosts(const struct doctor *d)
{
	return system_has(d, "/dev/kvm") &&
	       (system_command(d, "qemu-system-x86_64") ||
		system_has(d, "/usr/libexec/qemu-kvm") ||
		system_module_loaded(d, "vmsync-host"));
}

int doctor_roles(struct doctor *d)
{
	/* What is mounted somewhere may be anybody's. */
	static const char release_chars[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+~_-";

	if (system_read(d, d->release, sizeof(d->release),
			"/proc/sys/kernel/osrelease") <= 0)
		return -ENOENT;
	d->release[strspn(d->release, release_chars)] = '\0';
	d->guest = system_word(
		d, "/sys/devices/system/clocksource/clocksource0/available_clocksource",
		"kvm-clock");
	d->host = !d->guest || hosts(d);
	return 0;
}

static void kernel(struct doctor *d)
{
	struct doctor_check *c = add(d, "kernel");
	int major = 0, minor = 0;

	if (sscanf(d->release, "%d.%d", &major, &minor) == 2 && major == 6 &&
	    minor >= HOST_FIRST && minor <= HOST_LAST) {
		say(c, DOCTOR_OK, "%s", d->release);
		return;
	}
	say(c, DOCTOR_LIMITS, "%s, which vmsync-host.ko does not know",
	    d->release);
	remedy(c, "record kvm_entry and kvm_exit alone (method window), or use a kernel from 6.%d to 6.%d",
	       HOST_FIRST, HOST_LAST);
}

static void kvm(struct doctor *d)
{
	struct doctor_check *c = add(d, "kvm");

	if (system_has(d, "/dev/kvm")) {
		say(c, DOCTOR_OK, "/dev/kvm");
		return;
	}
	say(c, DOCTOR_LACKS, "no /dev/kvm");
	remedy(c, "modprobe kvm_amd or kvm_intel; virtualization may be off in the firmware");
}

static void module(struct doctor *d, const char *name, const char *otherwise)
{
	struct doctor_check *c = add(d, name);

	if (system_module_loaded(d, name)) {
		say(c, DOCTOR_OK, "loaded");
	} else if (system_module_built(d, name)) {
		say(c, DOCTOR_LIMITS, "built for %s, not loaded", d->release);
		remedy(c, "modprobe %s", name);
	} else {
		say(c, DOCTOR_LIMITS, "not built for %s: %s", d->release,
		    otherwise);
		remedy(c, "apt install vmsync-dkms, or make modules-install");
	}
}

/* The one in brackets is in force: "none [integrity] confidentiality". */
static bool lockdown_is(const struct doctor *d, const char *what)
{
	char text[80], *open;

	if (system_read(d, text, sizeof(text),
			"/sys/kernel/security/lockdown") <= 0)
		return false;
	open = strchr(text, '[');
	return open && !strncmp(open + 1, what, strlen(what)) &&
	       open[1 + strlen(what)] == ']';
}

/* Where the kernel takes signed modules only, one that DKMS built may be refused. */
static void signatures(struct doctor *d)
{
	struct doctor_check *c = add(d, "signatures");
	char text[8];

	bool enforced = system_read(d, text, sizeof(text),
				    "/sys/module/module/parameters/sig_enforce") > 0 &&
			*text == 'Y';
	bool locked = system_has(d, "/sys/kernel/security/lockdown") &&
		      !lockdown_is(d, "none");

	if (!enforced && !locked) {
		say(c, DOCTOR_OK, "not asked for");
		return;
	}
	say(c, DOCTOR_LIMITS, "the kernel takes signed modules only (%s)",
	    locked ? "lockdown, as with Secure Boot" : "sig_enforce");
	remedy(c, "mokutil --import /var/lib/dkms/mok.pub, and reboot to enrol the key");
}

static void headers(struct doctor *d)
{
	struct doctor_check *c = add(d, "headers");

	if (system_has(d, "/lib/modules/%s/build/Makefile", d->release)) {
		say(c, DOCTOR_OK, "of %s", d->release);
		return;
	}
	say(c, DOCTOR_LIMITS, "none of %s: no module can be built", d->release);
	remedy(c, "apt install linux-headers-%s", d->release);
}

static void tracer(struct doctor *d)
{
	struct doctor_check *c = add(d, "lttng");

	if (system_command(d, "lttng-sessiond")) {
		say(c, DOCTOR_OK, "lttng-sessiond");
	} else {
		say(c, DOCTOR_LACKS, "no lttng-sessiond");
		remedy(c, "apt install lttng-tools");
	}

	c = add(d, "lttng-modules");
	if (system_module_loaded(d, "lttng-tracer")) {
		say(c, DOCTOR_OK, "loaded");
	} else if (system_module_built(d, "lttng-tracer")) {
		say(c, DOCTOR_OK, "built; lttng-sessiond loads them");
	} else {
		say(c, DOCTOR_LACKS, "not built for %s", d->release);
		remedy(c, "vmsync setup tracer");
	}
}

/* Of this program, not of the system that it looks at. */
static void tracedat(struct doctor *d)
{
	struct doctor_check *c = add(d, "trace.dat");

	if (ctf_tracedat_readable()) {
		say(c, DOCTOR_OK, "recordings of trace-cmd can be read");
		return;
	}
	say(c, DOCTOR_LIMITS, "recordings of trace-cmd cannot be read");
	remedy(c, "build vmsync where libtracecmd-dev, libtracefs-dev and libtraceevent-dev are installed");
}

static void probe(struct doctor *d, const char *name)
{
	struct doctor_check *c = add(d, name);

	if (system_module_loaded(d, name) || system_module_built(d, name)) {
		say(c, DOCTOR_OK, "built");
		return;
	}
	say(c, DOCTOR_LIMITS, "not built: LTTng does not see vmsync's events");
	remedy(c, "vmsync setup tracer");
}

static void clocksource(struct doctor *d)
{
	static const char path[] =
		"/sys/devices/system/clocksource/clocksource0/current_clocksource";
	struct doctor_check *c = add(d, "clocksource");
	char name[32];

	if (system_read(d, name, sizeof(name), "%s", path) <= 0) {
		say(c, DOCTOR_LIMITS, "not known");
		remedy(c, "look at %s", path);
		return;
	}
	name[strcspn(name, "\n")] = '\0';
	if (!strcmp(name, "tsc") || (d->guest && !strcmp(name, "kvm-clock"))) {
		say(c, DOCTOR_OK, "%s", name);
		return;
	}
	say(c, DOCTOR_LIMITS, "%s: not a clock that the exact method can read",
	    name);
	remedy(c, "echo %s > %s", d->guest ? "kvm-clock" : "tsc", path);
}

/* A VM's end is seen by a kprobe. */
static void kprobes(struct doctor *d)
{
	struct doctor_check *c = add(d, "kprobes");
	char text[8];

	if (system_read(d, text, sizeof(text),
			"/proc/sys/kernel/ftrace_enabled") > 0 &&
	    *text == '0') {
		say(c, DOCTOR_LIMITS, "off: vmsync-host.ko does not record");
		remedy(c, "sysctl kernel.ftrace_enabled=1");
	} else if (system_read(d, text, sizeof(text),
			       "/sys/kernel/debug/kprobes/enabled") > 0 &&
		   *text == '0') {
		say(c, DOCTOR_LIMITS, "off: vmsync-host.ko does not record");
		remedy(c, "echo 1 > /sys/kernel/debug/kprobes/enabled");
	} else {
		say(c, DOCTOR_OK, "on");
	}
}

/* Does a thread of process @pid have a vCPU's name, as "CPU 0/KVM"? */
static bool names_vcpus(const struct doctor *d, const char *pid)
{
	char path[PATH_MAX], comm[32];
	bool found = false;
	struct dirent *t;
	DIR *dir;

	if (snprintf(path, sizeof(path), "%s/proc/%s/task", d->root, pid) >=
	    (int)sizeof(path))
		return false;
	dir = opendir(path);
	while (dir && !found && (t = readdir(dir))) {
		if (*t->d_name == '.' ||
		    system_read(d, comm, sizeof(comm), "/proc/%s/task/%s/comm",
				pid, t->d_name) <= 0)
			continue;
		found = !strncmp(comm, "CPU ", 4) && strchr(comm, '/');
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Without names, who runs which vCPU is told by vmsync-host.ko only. */
static void thread_names(struct doctor *d)
{
	struct doctor_check *c = add(d, "thread-names");
	unsigned int vms = 0, nameless = 0;
	char path[PATH_MAX], comm[32];
	struct dirent *p;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/proc", d->root);
	dir = opendir(path);
	while (dir && (p = readdir(dir))) {
		if (*p->d_name < '1' || *p->d_name > '9' ||
		    system_read(d, comm, sizeof(comm), "/proc/%s/comm",
				p->d_name) <= 0 ||
		    strncmp(comm, "qemu", 4))
			continue;
		vms++;
		nameless += !names_vcpus(d, p->d_name);
	}
	if (dir)
		closedir(dir);
	say(c, nameless ? DOCTOR_LIMITS : DOCTOR_OK,
	    "%u of %u QEMU processes name their vCPUs' threads",
	    vms - nameless, vms);
	if (nameless)
		remedy(c, "start QEMU with -name NAME,debug-threads=on, as libvirt does; or load vmsync-host");
}

/* Is group @name, or root, among those of the process that asks? */
static bool allowed(const struct doctor *d, const char *name)
{
	char status[4096], group[8192], *line, *member;
	unsigned int uid = 1;

	if (system_read(d, status, sizeof(status), "/proc/self/status") <= 0)
		return false;
	line = strstr(status, "\nUid:");
	if (line && sscanf(line, "\nUid: %*u %u", &uid) == 1 && !uid)
		return true;
	line = strstr(status, "\nGroups:");
	if (!line ||
	    system_read(d, group, sizeof(group), "/etc/group") <= 0)
		return false;
	line += strlen("\nGroups:");
	line[strcspn(line, "\n")] = '\0';
	for (member = strtok(line, " \t"); member;
	     member = strtok(NULL, " \t")) {
		char entry[64];

		snprintf(entry, sizeof(entry), "%s:x:%s:", name, member);
		if (strstr(group, entry))
			return true;
	}
	return false;
}

static void permissions(struct doctor *d)
{
	struct doctor_check *c = add(d, "permissions");

	if (allowed(d, "tracing")) {
		say(c, DOCTOR_OK, "root, or of group tracing");
		return;
	}
	say(c, DOCTOR_LACKS, "neither root nor of group tracing");
	remedy(c, "as root: usermod -aG tracing USER, and log in again");
}

static void disk(struct doctor *d)
{
	struct doctor_check *c = add(d, "disk");
	const char *home = *d->root ? d->root : getenv("HOME");
	struct statvfs fs;
	unsigned long long bytes;

	if (!home || statvfs(home, &fs)) {
		say(c, DOCTOR_LIMITS, "no home folder, where LTTng writes");
		remedy(c, "lttng create NAME --output=DIR");
		return;
	}
	bytes = (unsigned long long)fs.f_bavail * fs.f_frsize;
	say(c, bytes < FREE_LEAST ? DOCTOR_LIMITS : DOCTOR_OK,
	    "%llu MiB free where LTTng writes", bytes >> 20);
	if (c->state)
		remedy(c, "lttng create NAME --output=DIR on a larger disk, or a snapshot session");
}

void doctor_look(struct doctor *d)
{
	d->n = 0;
	if (d->host) {
		kernel(d);
		kvm(d);
		module(d, "vmsync-host", "method window is left");
		probe(d, "lttng-probe-vmsync-kvm");
		kprobes(d);
		thread_names(d);
	}
	if (d->guest)
		module(d, "vmsync-guest", "method window is left");
	probe(d, "lttng-probe-vmsync");
	headers(d);
	signatures(d);
	tracer(d);
	tracedat(d);
	clocksource(d);
	permissions(d);
	disk(d);
}

enum doctor_state doctor_worst(const struct doctor *d)
{
	enum doctor_state worst = DOCTOR_OK;

	for (size_t i = 0; i < d->n; i++)
		if (d->checks[i].state > worst)
			worst = d->checks[i].state;
	return worst;
}
