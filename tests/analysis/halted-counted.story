# The same halts as KVM counts them. It polls for at most 10: the first time in vain,
# then it sleeps; the second time an interrupt comes while it polls. That polling ended
# somewhere between its 10 and the switch is all that is not known.
counters
vcpu 101 id 0 pid 100
0 cpu 0 switch 7 S 0 swapper/0
1 cpu 0 switch 0 R 101 CPU_0/KVM
2 cpu 0 poll 10 10
3 cpu 0 entry
20 cpu 0 exit svm:hlt
34 cpu 0 switch 101 S 0 swapper/0
60 cpu 0 irq
61 cpu 0 wakeup 101 0
62 cpu 0 irqend
64 cpu 0 switch 0 R 101 CPU_0/KVM
66 cpu 0 halted 44 slept
67 cpu 0 entry
70 cpu 0 exit svm:hlt
77 cpu 0 halted 6 polled
78 cpu 0 entry
end 80
---
101 unknown 0..1 in unknown of -
101 unknown 1..3 in unknown of -
101 guest 3..20 in guest of -
101 polling 20..34 in poll of -
101 halted 34..61 in poll of -
101 charge 61..62 irq
101 charge 62..64 nobody
101 waking 61..64 in kvm of -
101 hypervisor 64..67 in kvm of -
101 exit 20..67 svm:120 hypervisor 3 polling 14 waking 3 halted 27
101 guest 67..70 in guest of -
101 polling 70..77 in poll of -
101 hypervisor 77..78 in kvm of -
101 exit 70..78 svm:120 hypervisor 1 polling 7
101 guest 78..80 in guest of -
101 kernel ran -14+4 delay -3+1
101 halts 2 slept 1: 44 of it failed 14-4 polled 6-0
