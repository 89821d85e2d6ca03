# The thread loses its CPU while it polls, and goes on with that afterwards.
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
20 cpu 0 exit svm:hlt
22 cpu 0 switch 101 R+ 500 stress
30 cpu 0 switch 500 S 101 CPU_0/KVM
34 cpu 0 switch 101 S 0 swapper/0
40 cpu 0 wakeup 101 0
41 cpu 0 switch 0 R 101 CPU_0/KVM
42 cpu 0 entry
end 50
---
101 unknown 0..10 in unknown of -
101 guest 10..20 in guest of -
101 polling 20..22 in poll of -
101 charge 22..30 task stress:500
101 preempted 22..30 in poll of -
101 polling 30..34 in poll of -
101 halted 34..40 in poll of -
101 charge 40..41 nobody
101 waking 40..41 in kvm of -
101 hypervisor 41..42 in kvm of -
101 exit 20..42 svm:120 hypervisor 1 polling 6 preempted 8 waking 1 halted 6
101 guest 42..50 in guest of -
