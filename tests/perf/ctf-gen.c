// SPDX-License-Identifier: MIT
/*
 * Writes a trace like LTTng's kernel tracer does: twenty classes with a
 * kernel's mix of them, about 28 bytes an event, strings and a sequence, now
 * and then a gap that needs an extended header.
 *
 *	ctf-gen DIR EVENTS CPUS SEED HOSTNAME [compact|large] [packet bytes]
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MAX_EVENT	512	/* bytes, with the header */
#define START_NS	1000000000ull
#define ORIGIN_NS	"1600000000000000000"

/*
 * Field types. A letter each in a class's description:
 *   c text of 16, i/I signed 32/64, u/U unsigned 32/64, h unsigned 16 (octal),
 *   X unsigned 64 in hexadecimal, s string, q byte sequence with its length
 */
struct class {
	const char *name;
	unsigned int weight;
	const char *types;
	const char *names;	/* separated by spaces */
};

static const struct class classes[] = {
	{ "sched_switch", 14, "ciiIcii",
	  "_prev_comm _prev_tid _prev_prio _prev_state _next_comm _next_tid _next_prio" },
	{ "sched_waking", 7, "ciii", "_comm _tid _prio _target_cpu" },
	{ "sched_wakeup", 5, "ciii", "_comm _tid _prio _target_cpu" },
	{ "irq_handler_entry", 3, "is", "_irq _name" },
	{ "irq_handler_exit", 3, "ii", "_irq _ret" },
	{ "irq_softirq_raise", 4, "u", "_vec" },
	{ "irq_softirq_entry", 4, "u", "_vec" },
	{ "irq_softirq_exit", 4, "u", "_vec" },
	{ "timer_hrtimer_expire_entry", 5, "XIX", "_hrtimer _now _function" },
	{ "timer_hrtimer_expire_exit", 5, "X", "_hrtimer" },
	{ "syscall_entry_read", 5, "uU", "_fd _count" },
	{ "syscall_exit_read", 5, "IX", "_ret _buf" },
	{ "syscall_entry_openat", 1, "isih", "_dfd _filename _flags _mode" },
	{ "syscall_exit_openat", 1, "I", "_ret" },
	{ "syscall_entry_futex", 6, "XiuXXu",
	  "_uaddr _op _val _utime _uaddr2 _val3" },
	{ "syscall_exit_futex", 6, "IXX", "_ret _uaddr _uaddr2" },
	{ "kvm_x86_entry", 9, "u", "_vcpu_id" },
	{ "kvm_x86_exit", 9, "uXuUU",
	  "_exit_reason _guest_rip _isa _info1 _info2" },
	{ "x86_exceptions_page_fault_user", 3, "XXX",
	  "_address _ip _error_code" },
	{ "net_if_receive_skb", 1, "Xusq",
	  "_skbaddr _len _name _network_header" },
};

#define N_CLASSES	(sizeof(classes) / sizeof(*classes))

static const char *const texts[] = {
	"swapper/0", "qemu-system-x86", "CPU 0/KVM", "CPU 1/KVM",
	"kworker/0:1H", "ksoftirqd/0", "rcu_preempt", "lttng-consumerd",
	"nginx", "postgres", "java", "sshd", "systemd-journal", "vhost-12345",
};

static const char *const strings[] = {
	"eth0", "virtio0-input.0", "nvme0q1", "i8042", "timer",
	"ahci[0000:00:1f.2]", "/etc/hosts", "/proc/self/status", "/dev/kvm",
	"/usr/lib/x86_64-linux-gnu/libc.so.6",
	"/var/lib/libvirt/images/vm0.qcow2",
};

#define N_TEXTS		(sizeof(texts) / sizeof(*texts))
#define N_STRINGS	(sizeof(strings) / sizeof(*strings))

static uint64_t rnd_state[2];

static uint64_t rnd(void)
{
	uint64_t a = rnd_state[0], b = rnd_state[1];

	rnd_state[0] = b;
	a ^= a << 23;
	rnd_state[1] = a ^ b ^ a >> 17 ^ b >> 26;
	return rnd_state[1] + b;
}

static double rnd_unit(void)
{
	return (double)(rnd() >> 11) * 0x1.0p-53;
}

static void die(const char *what)
{
	fprintf(stderr, "ctf-gen: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* --------------------------------------------------------------- metadata */

static const char head[] =
	"/* CTF 1.8 */\n\n"
	"typealias integer { size = 8; align = 8; signed = false; } := uint8_t;\n"
	"typealias integer { size = 16; align = 8; signed = false; } := uint16_t;\n"
	"typealias integer { size = 32; align = 8; signed = false; } := uint32_t;\n"
	"typealias integer { size = 64; align = 8; signed = false; } := uint64_t;\n"
	"typealias integer { size = 64; align = 8; signed = false; } := unsigned long;\n"
	"typealias integer { size = 5; align = 1; signed = false; } := uint5_t;\n"
	"typealias integer { size = 27; align = 1; signed = false; } := uint27_t;\n\n"
	"trace {\n\tmajor = 1;\n\tminor = 8;\n\tuuid = \"%s\";\n\tbyte_order = le;\n"
	"\tpacket.header := struct {\n\t\tuint32_t magic;\n\t\tuint8_t  uuid[16];\n"
	"\t\tuint32_t stream_id;\n\t\tuint64_t stream_instance_id;\n\t};\n};\n\n"
	"env {\n\thostname = \"%s\";\n\tdomain = \"kernel\";\n\tsysname = \"Linux\";\n"
	"\tkernel_release = \"6.1.0\";\n\ttracer_name = \"lttng-modules\";\n"
	"\ttracer_major = 2;\n\ttracer_minor = 13;\n\ttracer_patchlevel = 0;\n"
	"\ttrace_buffering_scheme = \"global\";\n};\n\n"
	"clock {\n\tname = \"monotonic\";\n\tuuid = \"%s\";\n"
	"\tdescription = \"Monotonic Clock\";\n\tfreq = 1000000000; /* Frequency, in Hz */\n"
	"\t/* clock value offset from Epoch is: offset * (1/freq) */\n"
	"\toffset = " ORIGIN_NS ";\n};\n\n"
	"typealias integer {\n\tsize = 27; align = 1; signed = false;\n"
	"\tmap = clock.monotonic.value;\n} := uint27_clock_monotonic_t;\n\n"
	"typealias integer {\n\tsize = 32; align = 8; signed = false;\n"
	"\tmap = clock.monotonic.value;\n} := uint32_clock_monotonic_t;\n\n"
	"typealias integer {\n\tsize = 64; align = 8; signed = false;\n"
	"\tmap = clock.monotonic.value;\n} := uint64_clock_monotonic_t;\n\n"
	"struct packet_context {\n\tuint64_clock_monotonic_t timestamp_begin;\n"
	"\tuint64_clock_monotonic_t timestamp_end;\n\tuint64_t content_size;\n"
	"\tuint64_t packet_size;\n\tuint64_t packet_seq_num;\n"
	"\tunsigned long events_discarded;\n\tuint32_t cpu_id;\n};\n\n"
	"struct event_header_compact {\n"
	"\tenum : uint5_t { compact = 0 ... 30, extended = 31 } id;\n"
	"\tvariant <id> {\n\t\tstruct {\n\t\t\tuint27_clock_monotonic_t timestamp;\n"
	"\t\t} compact;\n\t\tstruct {\n\t\t\tuint32_t id;\n"
	"\t\t\tuint64_clock_monotonic_t timestamp;\n\t\t} extended;\n\t} v;\n} align(8);\n\n"
	"struct event_header_large {\n"
	"\tenum : uint16_t { compact = 0 ... 65534, extended = 65535 } id;\n"
	"\tvariant <id> {\n\t\tstruct {\n\t\t\tuint32_clock_monotonic_t timestamp;\n"
	"\t\t} compact;\n\t\tstruct {\n\t\t\tuint32_t id;\n"
	"\t\t\tuint64_clock_monotonic_t timestamp;\n\t\t} extended;\n\t} v;\n} align(8);\n\n"
	"stream {\n\tid = 0;\n\tevent.header := struct event_header_%s;\n"
	"\tpacket.context := struct packet_context;\n};\n\n";

static void write_integer(FILE *f, int size, int sign, const char *encoding,
			  int base)
{
	fprintf(f,
		"\t\tinteger { size = %d; align = 8; signed = %d; encoding = %s; base = %d; } ",
		size, sign, encoding, base);
}

static void write_field(FILE *f, char type, const char *name)
{
	switch (type) {
	case 'c':
		write_integer(f, 8, 0, "UTF8", 10);
		fprintf(f, "%s[16];\n", name);
		return;
	case 's':
		fprintf(f, "\t\tstring %s;\n", name);
		return;
	case 'q':
		write_integer(f, 32, 0, "none", 10);
		fprintf(f, "_%s_length;\n", name);
		write_integer(f, 8, 0, "none", 16);
		fprintf(f, "%s[ _%s_length ];\n", name, name);
		return;
	case 'i':
		write_integer(f, 32, 1, "none", 10);
		break;
	case 'I':
		write_integer(f, 64, 1, "none", 10);
		break;
	case 'u':
		write_integer(f, 32, 0, "none", 10);
		break;
	case 'U':
		write_integer(f, 64, 0, "none", 10);
		break;
	case 'X':
		write_integer(f, 64, 0, "none", 16);
		break;
	case 'h':
		write_integer(f, 16, 0, "none", 8);
		break;
	}
	fprintf(f, "%s;\n", name);
}

static void write_class(FILE *f, unsigned int id)
{
	const struct class *c = &classes[id];
	char names[256], *name, *save;
	const char *t = c->types;

	fprintf(f,
		"event {\n\tname = \"%s\";\n\tid = %u;\n\tstream_id = 0;\n\tfields := struct {\n",
		c->name, id);
	snprintf(names, sizeof(names), "%s", c->names);
	for (name = strtok_r(names, " ", &save); name;
	     name = strtok_r(NULL, " ", &save))
		write_field(f, *t++, name);
	fprintf(f, "\t};\n};\n\n");
}

static void write_metadata(const char *dir, const uint8_t *uuid,
			   const char *host, const char *header)
{
	char path[4096], text[37], *p = text;
	unsigned int i;
	FILE *f;

	for (i = 0; i < 16; i++)
		p += sprintf(p, "%s%02x",
			     i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			     uuid[i]);
	snprintf(path, sizeof(path), "%s/metadata", dir);
	f = fopen(path, "w");
	if (!f)
		die(path);
	fprintf(f, head, text, host, text, header);
	for (i = 0; i < N_CLASSES; i++)
		write_class(f, i);
	if (fclose(f))
		die(path);
}

/* ---------------------------------------------------------------- packets */

static uint8_t *put(uint8_t *p, uint64_t v, unsigned int bytes)
{
	memcpy(p, &v, bytes);
	return p + bytes;
}

static uint8_t *put_field(uint8_t *p, char type)
{
	uint64_t r = rnd();
	unsigned int n, i;
	char text[16] = "";

	switch (type) {
	case 'c':
		strncpy(text, texts[r % N_TEXTS], sizeof(text) - 1);
		return (uint8_t *)memcpy(p, text, 16) + 16;
	case 's':
		n = (unsigned int)strlen(strings[r % N_STRINGS]) + 1;
		return (uint8_t *)memcpy(p, strings[r % N_STRINGS], n) + n;
	case 'q':
		n = 20 + r % 45;
		p = put(p, n, 4);
		for (i = 0; i < n; i++)
			*p++ = (uint8_t)(r >> (i & 31));
		return p;
	case 'i':
		return put(p, (r & 7) ? r % 40000 : -(r >> 40 & 255), 4);
	case 'u':
		return put(p, r % 60, 4);
	case 'h':
		return put(p, r & 0777, 2);
	case 'I':
		return put(p, (r & 7) ? r >> 20 : -(r >> 40), 8);
	default:
		return put(p, r & 1 ? r : r >> 40, 8);
	}
}

static uint8_t *put_header(uint8_t *p, int large, unsigned int id, uint64_t t,
			   uint64_t last)
{
	if ((t - last) >> (large ? 32 : 27)) {
		p = large ? put(p, 65535, 2) : put(p, 31, 1);
		p = put(p, id, 4);
		return put(p, t, 8);
	}
	if (large)
		return put(put(p, id, 2), t, 4);
	return put(p, id | (uint32_t)(t << 5), 4);
}

struct stream {
	FILE *f;
	uint8_t *buf;
	size_t packet;		/* bytes */
	const uint8_t *uuid;
	int large;
	unsigned int cpu;
	uint64_t time, left, seq, written, bytes;
	const uint8_t *pick;	/* 128 or so class numbers by weight */
	unsigned int n_pick;
};

static uint64_t gap(void)
{
	uint64_t d = (uint64_t)(-log(1 - rnd_unit()) * 1500.0) + 30;

	if ((rnd() & 0xfffff) < 6)
		d += (1u << 27) + (rnd() & 0xffffff);
	return d;
}

static void write_packet(struct stream *s)
{
	uint64_t begin = s->time, last = begin;
	size_t size = s->packet;
	const char *t;
	uint8_t *p = s->buf, *context;

	p = put(p, 0xC1FC1FC1u, 4);
	p = (uint8_t *)memcpy(p, s->uuid, 16) + 16;
	p = put(put(p, 0, 4), s->cpu, 8);
	context = p;
	p += 6 * 8 + 4;
	while (s->left && p + MAX_EVENT < s->buf + s->packet) {
		unsigned int id = s->pick[rnd() % s->n_pick];

		s->time += gap();
		p = put_header(p, s->large, id, s->time, last);
		last = s->time;
		for (t = classes[id].types; *t; t++)
			p = put_field(p, *t);
		s->left--;
		s->written++;
	}
	if (!s->left)
		size = ((size_t)(p - s->buf) + 4095) & ~4095ull;
	memset(p, 0, s->buf + size - p);
	context = put(put(context, begin, 8), s->time, 8);
	context = put(put(context, (uint64_t)(p - s->buf) * 8, 8), size * 8, 8);
	put(put(put(context, s->seq++, 8), 0, 8), s->cpu, 4);
	if (fwrite(s->buf, 1, size, s->f) != size)
		die("write");
	s->bytes += size;
}

static unsigned int fill_pick(uint8_t *pick)
{
	unsigned int n = 0, i, k;

	for (i = 0; i < N_CLASSES; i++)
		for (k = 0; k < classes[i].weight; k++)
			pick[n++] = (uint8_t)i;
	return n;
}

int main(int argc, char **argv)
{
	uint64_t events, seed, written = 0, bytes = 0;
	uint8_t uuid[16], pick[256];
	struct stream s = { .uuid = uuid, .pick = pick, .packet = 1 << 20 };
	unsigned int cpus, i;
	char path[4096];

	if (argc < 6) {
		fprintf(stderr,
			"usage: ctf-gen DIR EVENTS CPUS SEED HOSTNAME [compact|large] [packet bytes]\n");
		return 2;
	}
	events = strtoull(argv[2], NULL, 0);
	cpus = (unsigned int)strtoul(argv[3], NULL, 0);
	seed = strtoull(argv[4], NULL, 0);
	s.large = argc > 6 && !strcmp(argv[6], "large");
	if (argc > 7)
		s.packet = strtoull(argv[7], NULL, 0);
	if (!cpus || s.packet < 4096 || s.packet % 4096) {
		fprintf(stderr, "ctf-gen: bad number of CPUs or packet size\n");
		return 2;
	}
	rnd_state[0] = seed * 0x9E3779B97F4A7C15ull + 1;
	rnd_state[1] = seed ^ 0xD1B54A32D192ED03ull;
	for (i = 0; i < 20; i++)
		rnd();
	for (i = 0; i < 16; i++)
		uuid[i] = (uint8_t)rnd();
	if (mkdir(argv[1], 0777) && errno != EEXIST)
		die(argv[1]);
	write_metadata(argv[1], uuid, argv[5], s.large ? "large" : "compact");
	s.n_pick = fill_pick(pick);
	s.buf = malloc(s.packet);
	if (!s.buf)
		die("memory");
	for (i = 0; i < cpus; i++) {
		snprintf(path, sizeof(path), "%s/channel0_%u", argv[1], i);
		s.f = fopen(path, "wb");
		if (!s.f)
			die(path);
		s.cpu = i;
		s.seq = s.written = s.bytes = 0;
		s.time = START_NS + i * 137;
		s.left = events / cpus;
		while (s.left)
			write_packet(&s);
		if (fclose(s.f))
			die(path);
		written += s.written;
		bytes += s.bytes;
	}
	free(s.buf);
	printf("%s: %llu events, %llu bytes, %.2f bytes an event\n", argv[1],
	       (unsigned long long)written, (unsigned long long)bytes,
	       (double)bytes / (double)(written ? written : 1));
	return 0;
}
