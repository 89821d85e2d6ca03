// SPDX-License-Identifier: MIT
/*
 * Domains of libvirt: what is theirs is found wherever it stands, what is somebody
 * else's is not, and a text that is cut or changed anywhere is no other domain.
 */
#include <string.h>

#include "check.h"
#include "libvirt/domain.h"
#include "libvirt/xml.h"

static struct vmsync_domain domain;

static int read_text(const char *text)
{
	return vmsync_domain_read(&domain, text, strlen(text));
}

#define CHANNEL(type, mode, path, name)                                        \
	"<channel type='" type "'><source mode='" mode "' path=\"" path "\"/>" \
	"<target type='virtio' name='" name "'/></channel>"
#define OURS CHANNEL("unix", "bind", "/a/b", "org.vmsync.agent.0")
#define DOMAIN(devices)                                                        \
	"<?xml version='1.0'?>\n<!-- <domain> -->\n"                           \
	"<domain type='kvm'><name>x</name><uuid>u-1</uuid>"                    \
	"<devices>" devices "</devices></domain>\n"

static void test_plain(void)
{
	CHECK_EQ(read_text(DOMAIN(OURS)), 0);
	CHECK(!strcmp(domain.name, "x") && !strcmp(domain.uuid, "u-1"));
	CHECK_EQ(domain.port, VMSYNC_DOMAIN_PORT);
	CHECK(!strcmp(domain.path, "/a/b"));
	CHECK_EQ(domain.pid, 0);
	/* One that does not run has no path yet. */
	CHECK_EQ(read_text(DOMAIN("<channel type='unix'><target type='virtio' "
				  "name='org.vmsync.agent.0'/></channel>")), 0);
	CHECK_EQ(domain.port, VMSYNC_DOMAIN_PORT);
	CHECK(!domain.path[0]);
}

static void test_status(void)
{
	CHECK_EQ(read_text("<domstatus state='running' pid='7'><vcpus>"
			   "<vcpu id='0' pid='8'/><vcpu id='1' pid='x'/></vcpus>"
			   "<domain id='1'><name>x</name><vcpus><vcpu pid='9'/>"
			   "</vcpus><devices>" OURS "</devices></domain>"
			   "</domstatus>"), 0);
	CHECK_EQ(domain.pid, 7);
	CHECK_EQ(domain.n_vcpus, 2);
	CHECK_EQ(domain.vcpu[0], 8);
	CHECK_EQ(domain.vcpu[1], 0);
	CHECK_EQ(domain.port, VMSYNC_DOMAIN_PORT);
}

static void test_others(void)
{
	CHECK_EQ(read_text(DOMAIN("")), 0);
	CHECK_EQ(domain.port, VMSYNC_DOMAIN_NO_PORT);
	CHECK_EQ(read_text(DOMAIN(CHANNEL("unix", "bind", "/q",
					  "org.qemu.guest_agent.0"))), 0);
	CHECK_EQ(domain.port, VMSYNC_DOMAIN_NO_PORT);
	CHECK_EQ(read_text(DOMAIN(CHANNEL("unix", "connect", "/c",
					  "org.vmsync.agent.0"))), 0);
	CHECK_EQ(domain.port, VMSYNC_DOMAIN_PORT_OTHER);
	CHECK_EQ(read_text(DOMAIN(CHANNEL("pty", "bind", "/c",
					  "org.vmsync.agent.0"))), 0);
	CHECK_EQ(domain.port, VMSYNC_DOMAIN_PORT_OTHER);
	/* The path of one is not that of the next. */
	CHECK_EQ(read_text(DOMAIN(CHANNEL("unix", "bind", "/q", "other")
				  "<channel type='unix'><target type='virtio' "
				  "name='org.vmsync.agent.0'/></channel>")), 0);
	CHECK(!domain.path[0]);
	/* What people write into a definition for themselves. */
	CHECK_EQ(read_text("<domain><metadata><domain><name>y</name><devices>" OURS
			   "</devices></domain></metadata><name>x</name>"
			   "<description>&lt;name>z<![CDATA[</name>" OURS
			   "]]></description></domain>"), 0);
	CHECK(!strcmp(domain.name, "x"));
	CHECK_EQ(domain.port, VMSYNC_DOMAIN_NO_PORT);
}

static void test_names(void)
{
	CHECK_EQ(read_text("<domain><name>&lt;&amp;&gt;&quot;&apos;&#65;&#x20ac;"
			   "&#x1f600;</name></domain>"), 0);
	CHECK(!strcmp(domain.name, "<&>\"'A\xe2\x82\xac\xf0\x9f\x98\x80"));
	CHECK(read_text("<domain><name>&#0;</name></domain>") < 0);
	CHECK(read_text("<domain><name>&#x110000;</name></domain>") < 0);
	CHECK(read_text("<domain><name>&#4294967361;</name></domain>") < 0);
	CHECK(read_text("<domain><name>&nbsp;</name></domain>") < 0);
	CHECK(read_text("<domain><name>a &amp b</name></domain>") < 0);
	CHECK(read_text("<domain><name>a<!-- -->b</name></domain>") < 0);
	CHECK(read_text("<domain><name/></domain>") < 0);
	CHECK(read_text("<domain><uuid>u</uuid></domain>") < 0);
}

static void test_malformed(void)
{
	static const char *const bad[] = {
		"", " ", "x", "<", "<>", "</a>", "<domain>", "<domain/",
		"<domain><name>x</name></domain", "<domain><name>x</domain></name>",
		"<domain><name>x</name></domain><domain/>",
		"<domain><name>x</name></domain>x",
		"<domain a><name>x</name></domain>",
		"<domain a=b><name>x</name></domain>",
		"<domain a='b'c='d'><name>x</name></domain>",
		"<domain a='<'><name>x</name></domain>",
		"<!DOCTYPE d [<!ENTITY n 'x'>]><domain><name>x</name></domain>",
		"<domain><name>x</name><!-- </domain>",
		"<domain><name>x</name><![CDATA[</domain>",
	};
	char deep[1024] = "";
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(read_text(bad[i]) < 0);
	for (i = 0; i < 2 * VMSYNC_XML_DEPTH; i++)
		strcat(deep, "<a>");
	CHECK(read_text(deep) < 0);
}

/* Cut anywhere it is none; a byte that is changed never leads out of the text. */
static void test_damage(void)
{
	static const char whole[] = DOMAIN(OURS);
	size_t n = strlen(whole) - 1, i, k;
	char *copy;

	for (i = 0; i < n; i++) {
		copy = malloc(i ? i : 1);
		memcpy(copy, whole, i);
		CHECK(vmsync_domain_read(&domain, copy, i) < 0);
		free(copy);
	}
	for (k = 0; k < 20000; k++) {
		copy = malloc(n);
		memcpy(copy, whole, n);
		for (i = check_range(1, 4); i--;)
			copy[check_range(0, n - 1)] = (char)check_rand();
		if (!vmsync_domain_read(&domain, copy, n))
			CHECK(strlen(domain.name) > 0 &&
			      strlen(domain.path) < sizeof(domain.path));
		free(copy);
	}
}

/* What does not fit is said not to be there, not cut. */
static void test_long(void)
{
	static char text[4096];
	char out[8];
	struct vmsync_xml x;

	snprintf(text, sizeof(text), "<domain><name>%0600d</name></domain>", 1);
	CHECK(read_text(text) < 0);
	vmsync_xml_init(&x, "<a b='1234567' c = \"12345678\"/>", 31);
	CHECK_EQ(vmsync_xml_next(&x), VMSYNC_XML_OPEN);
	CHECK(vmsync_xml_attr(&x, "b", out, sizeof(out)) && !strcmp(out, "1234567"));
	CHECK(!vmsync_xml_attr(&x, "c", out, sizeof(out)) && !out[0]);
	CHECK(!vmsync_xml_attr(&x, "d", out, sizeof(out)) && !out[0]);
	CHECK_EQ(vmsync_xml_next(&x), VMSYNC_XML_CLOSE);
	CHECK_EQ(vmsync_xml_next(&x), VMSYNC_XML_END);
}

int main(int argc, char **argv)
{
	check_init(argc, argv);
	test_plain();
	test_status();
	test_others();
	test_names();
	test_malformed();
	test_damage();
	test_long();
	return check_done();
}
