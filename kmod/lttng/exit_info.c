// SPDX-License-Identifier: GPL-2.0-only
/*
 * The exit reason, and on Intel the guest's instruction pointer, come from
 * functions of kvm_amd.ko or kvm_intel.ko that are not exported: KVM reaches
 * them through kvm_x86_ops, which is not exported either. A kprobe, registered
 * disabled and at once taken back, looks a function up and changes no code.
 *
 * The addresses are good while that module is there. Whoever calls them is the
 * thread of a virtual CPU, whose VM holds a reference to the module; they are
 * forgotten when the module says that it goes.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/mutex.h>
#include <linux/tracepoint.h>
#include <asm/ibt.h>

#include "../compat-kvm.h"
#include "exit_info.h"

static bool exit_info = true;
module_param(exit_info, bool, 0444);
MODULE_PARM_DESC(exit_info, "take exit reasons from kvm_amd or kvm_intel; without them exit_reason is 0xffffffff (default Y)");

static vmsync_get_exit_info_t get_exit_info;
static vmsync_cache_reg_t cache_reg;
static DEFINE_MUTEX(resolve_lock);

void vmsync_exit_info(struct kvm_vcpu *vcpu, struct vmsync_exit_info *info)
{
	vmsync_get_exit_info_t get = READ_ONCE(get_exit_info);
	u32 intr_info, error_code;

	info->reason = ~0U;
	info->info1 = 0;
	info->info2 = 0;
	if (get)
		get(vcpu, &info->reason, &info->info1, &info->info2,
		    &intr_info, &error_code);
}

u64 vmsync_guest_rip(struct kvm_vcpu *vcpu)
{
	vmsync_cache_reg_t cache = READ_ONCE(cache_reg);

	/* AMD's is always there; Intel's KVM reads it on demand. */
	if (!test_bit(VCPU_REGS_RIP, (unsigned long *)&vcpu->arch.regs_avail)) {
		if (!cache)
			return 0;
		cache(vcpu, VCPU_REGS_RIP);
	}
	return vcpu->arch.regs[VCPU_REGS_RIP];
}

/* The address of a function of a module ("module:function"), or NULL. */
static void *function_find(const char *name)
{
	struct kprobe kp = {
		.symbol_name = name,
		.flags = KPROBE_FLAG_DISABLED,
	};
	u8 *addr;

	if (register_kprobe(&kp))
		return NULL;
	addr = (u8 *)kp.addr;
	unregister_kprobe(&kp);

#ifdef CONFIG_X86_KERNEL_IBT
	/* A kprobe sits behind the landing instruction, a call goes to it. */
	if (is_endbr(*(u32 *)(addr - ENDBR_INSN_SIZE)))
		addr -= ENDBR_INSN_SIZE;
#endif
	return addr;
}

static void resolve(void)
{
	void *get;

	if (!exit_info)
		return;
	get = function_find("kvm_amd:svm_get_exit_info");
	if (!get) {
		get = function_find("kvm_intel:vmx_get_exit_info");
		WRITE_ONCE(cache_reg, function_find("kvm_intel:vmx_cache_reg"));
	}
	WRITE_ONCE(get_exit_info, get);
}

static bool is_vendor_module(const struct module *mod)
{
	return !strcmp(mod->name, "kvm_amd") || !strcmp(mod->name, "kvm_intel");
}

static void forget(void)
{
	WRITE_ONCE(get_exit_info, NULL);
	WRITE_ONCE(cache_reg, NULL);
	tracepoint_synchronize_unregister();
}

static int module_changed(struct notifier_block *nb, unsigned long state,
			  void *data)
{
	if (!is_vendor_module(data))
		return NOTIFY_OK;
	mutex_lock(&resolve_lock);
	if (state == MODULE_STATE_LIVE)
		resolve();
	else if (state == MODULE_STATE_GOING)
		forget();
	mutex_unlock(&resolve_lock);
	return NOTIFY_OK;
}

static struct notifier_block module_nb = {
	.notifier_call = module_changed,
};

int vmsync_exit_info_init(void)
{
	int err = register_module_notifier(&module_nb);

	if (err)
		return err;
	/* The vendor module may be there already. */
	mutex_lock(&resolve_lock);
	resolve();
	mutex_unlock(&resolve_lock);
	return 0;
}

void vmsync_exit_info_exit(void)
{
	unregister_module_notifier(&module_nb);
}
