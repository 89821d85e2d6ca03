// SPDX-License-Identifier: MIT
/* Names of exit reasons are those of the kernel's headers. */
#include <linux/kvm.h>

#include <asm/svm.h>
#include <asm/vmx.h>
#include <string.h>

#include "analysis/reasons.h"
#include "check.h"

struct reason {
	uint32_t code;
	const char *name;
};

static const struct reason svm[] = {SVM_EXIT_REASONS};
static const struct reason vmx[] = {VMX_EXIT_REASONS};

static void check_table(enum analysis_isa isa, const struct reason *r, size_t n)
{
	char text[48];
	size_t i;

	for (i = 0; i < n; i++) {
		analysis_reason_text(isa, r[i].code, text, sizeof(text));
		CHECK(!strcmp(text, r[i].name));
	}
}

static void check_text(enum analysis_isa isa, uint32_t code, const char *wanted)
{
	char text[48];

	analysis_reason_text(isa, code, text, sizeof(text));
	CHECK(!strcmp(text, wanted));
}

int main(void)
{
	check_table(ANALYSIS_ISA_SVM, svm, sizeof(svm) / sizeof(svm[0]));
	check_table(ANALYSIS_ISA_VMX, vmx, sizeof(vmx) / sizeof(vmx[0]));
	/* What has no name stays visible, by whose numbers it is. */
	check_text(ANALYSIS_ISA_SVM, 0x3ff, "svm:0x3ff");
	check_text(ANALYSIS_ISA_VMX, 999, "vmx:999");
	check_text(ANALYSIS_ISA_UNKNOWN, 12, "12");
	check_text(ANALYSIS_ISA_VMX, EXIT_REASON_HLT | 1u << 31,
		   "HLT (failed entry)");
	return check_done();
}
