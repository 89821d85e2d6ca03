# An access to a device leaves KVM for the monitor (KVM_EXIT_MMIO is 6), which calls
# KVM_RUN again when it has done its part.
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
20 cpu 0 exit svm:0x400
22 cpu 0 userexit 6
30 cpu 0 run
31 cpu 0 entry
end 35
---
101 unknown 0..10 in unknown of -
101 guest 10..20 in guest of -
101 hypervisor 20..22 in kvm of -
101 user_space 22..30 in user of -
101 hypervisor 30..31 in kvm of -
101 exit 20..31 svm:1024 hypervisor 3 user_space 8
101 guest 31..35 in guest of -
