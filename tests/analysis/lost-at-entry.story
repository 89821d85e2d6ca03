# A virtual CPU that loses its CPU on its way into the guest, or back to user space,
# is told as running (0), not as preempted (256): it is preempted all the same.
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
20 cpu 0 exit svm:0x64
22 cpu 0 switch 101 R 500 stress
30 cpu 0 switch 500 R 101 CPU_0/KVM
31 cpu 0 entry
end 40
---
101 unknown 0..10 in unknown of -
101 guest 10..20 in guest of -
101 hypervisor 20..22 in kvm of -
101 charge 22..30 task stress:500
101 preempted 22..30 in kvm of -
101 hypervisor 30..31 in kvm of -
101 exit 20..31 svm:100 hypervisor 3 preempted 8
101 guest 31..40 in guest of -
