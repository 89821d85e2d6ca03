# On SVM before Linux 6.5 an exit is told late: the interrupt that ended the guest's
# run is served first. From its first event on, the host works, not the guest.
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
20 cpu 0 irq
26 cpu 0 irqend
27 cpu 0 exit svm:0x60
29 cpu 0 entry
end 40
---
101 unknown 0..10 in unknown of -
101 guest 10..20 in guest of -
101 host_irq 20..26 in guest of -
101 hypervisor 26..27 in guest of -
101 hypervisor 27..29 in kvm of -
101 exit 20..29 svm:96 host_irq 6 hypervisor 3
101 guest 29..40 in guest of -
