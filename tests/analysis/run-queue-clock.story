# When the kernel read its run queue's clock. At 20 a task takes the CPU at a tick: after
# the interrupt at 17 nothing else was put on the queue, so the clock was read since. At
# 40 the virtual CPU gets it back: the task ran on, and the last sign of it was at 30.
# At 70 it is woken on an idle CPU: the switch may have the time of the wake-up, and the
# kernel counts no delay at all; it was put on the queue after 65.
counters
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
11 cpu 0 entry
16 cpu 0 exit svm:0x60
16 cpu 0 irq
17 cpu 0 irqend
20 cpu 0 switch 101 R+ 500 hog
30 cpu 0 irq
30 cpu 0 irqend
40 cpu 0 switch 500 R+ 101 CPU_0/KVM
41 cpu 0 entry
50 cpu 0 exit svm:hlt
52 cpu 0 switch 101 S 0 swapper/0
65 cpu 0 irq
70 cpu 0 wakeup 101 0
72 cpu 0 irqend
74 cpu 0 switch 0 R 101 CPU_0/KVM
75 cpu 0 entry
end 80
---
101 unknown 0..10 in unknown of -
101 unknown 10..11 in unknown of -
101 guest 11..16 in guest of -
101 host_irq 16..17 in kvm of -
101 hypervisor 17..20 in kvm of -
101 charge 20..30 task hog:500
101 charge 30..40 task hog:500
101 preempted 20..40 in kvm of -
101 hypervisor 40..41 in kvm of -
101 exit 16..41 svm:96 host_irq 1 hypervisor 4 preempted 20
101 guest 41..50 in guest of -
101 polling 50..52 in poll of -
101 halted 52..70 in poll of -
101 charge 70..72 irq
101 charge 72..74 nobody
101 waking 70..74 in kvm of -
101 hypervisor 74..75 in kvm of -
101 exit 50..75 svm:120 hypervisor 1 polling 2 waking 4 halted 18
101 guest 75..80 in guest of -
101 kernel ran -5+19 delay -14+8
