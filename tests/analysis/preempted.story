# A host task takes the CPU (R+: 256, preempted in the kernel), then the kernel's
# worker, an interrupt, and for a moment nobody.
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
20 cpu 0 exit svm:0x60
21 cpu 0 switch 101 R+ 500 stress
40 cpu 0 switch 500 S 7 kworker/0:1
45 cpu 0 irq
48 cpu 0 irqend
50 cpu 0 switch 7 R 0 swapper/0
52 cpu 0 switch 0 R 101 CPU_0/KVM
53 cpu 0 entry
end 60
---
101 unknown 0..10 in unknown of -
101 guest 10..20 in guest of -
101 hypervisor 20..21 in kvm of -
101 charge 21..40 task stress:500
101 charge 40..45 task kworker/0:1:7
101 charge 45..48 irq
101 charge 48..50 task kworker/0:1:7
101 charge 50..52 nobody
101 preempted 21..52 in kvm of -
101 hypervisor 52..53 in kvm of -
101 exit 20..53 svm:96 hypervisor 2 preempted 31
101 guest 53..60 in guest of -
