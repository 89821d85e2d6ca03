# KVM has given up polling, and tells so: what it does from the exit until its thread
# sleeps is work, and the sleep is a halt all the same.
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
11 cpu 0 poll 9 0
11 cpu 0 halted 0 slept
12 cpu 0 entry
20 cpu 0 exit svm:hlt
22 cpu 0 switch 101 S 0 swapper/0
40 cpu 0 wakeup 101 0
41 cpu 0 switch 0 R 101 CPU_0/KVM
43 cpu 0 entry
end 50
---
101 unknown 0..10 in unknown of -
101 unknown 10..12 in unknown of -
101 guest 12..20 in guest of -
101 hypervisor 20..22 in kvm of -
101 halted 22..40 in kvm of -
101 charge 40..41 nobody
101 waking 40..41 in kvm of -
101 hypervisor 41..43 in kvm of -
101 exit 20..43 svm:120 hypervisor 4 waking 1 halted 18
101 guest 43..50 in guest of -
