# The host recorded sched_waking, but not sched_wakeup: the wait begins there. One that
# comes before the thread has gone to sleep counts, too.
no-wakeups
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
20 cpu 0 exit svm:hlt
24 cpu 0 switch 101 S 500 stress
30 cpu 1 waking 101 0
33 cpu 0 switch 500 R 101 CPU_0/KVM
34 cpu 0 entry
40 cpu 0 exit svm:hlt
41 cpu 1 waking 101 0
42 cpu 0 switch 101 S 500 stress
45 cpu 0 switch 500 R 101 CPU_0/KVM
46 cpu 0 entry
end 50
---
101 unknown 0..10 in unknown of -
101 guest 10..20 in guest of -
101 polling 20..24 in poll of -
101 halted 24..30 in poll of -
101 charge 30..33 task stress:500
101 waking 30..33 in kvm of -
101 hypervisor 33..34 in kvm of -
101 exit 20..34 svm:120 hypervisor 1 polling 4 waking 3 halted 6
101 guest 34..40 in guest of -
101 polling 40..42 in poll of -
101 charge 42..45 task stress:500
101 waking 42..45 in poll of -
101 hypervisor 45..46 in kvm of -
101 exit 40..46 svm:120 hypervisor 1 polling 2 waking 3
101 guest 46..50 in guest of -
