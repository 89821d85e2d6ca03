# The host's tracer lost events of CPU 0 from 20 to 40: who waits, sleeps, or ran there
# may have run meanwhile, so nothing is known of them until they tell again. Who runs
# on CPU 1 is known all the time.
vcpu 101 id 0 pid 100
vcpu 102 id 1 pid 100
vcpu 103 id 2 pid 100
5 cpu 1 switch 0 R 103 CPU_2/KVM
5 cpu 1 entry
8 cpu 1 exit svm:hlt
9 cpu 1 switch 103 S 102 CPU_1/KVM
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
10 cpu 1 entry
20 cpu 0 lost 40
30 cpu 0 exit svm:0x400
45 cpu 1 exit svm:0x400
46 cpu 1 entry
50 cpu 0 switch 0 R 101 CPU_0/KVM
52 cpu 0 entry
55 cpu 1 wakeup 103 1
end 60
---
103 unknown 0..5 in unknown of -
103 guest 5..8 in guest of -
103 polling 8..9 in poll of -
102 unknown 0..9 in unknown of -
101 unknown 0..10 in unknown of -
102 unknown 9..10 in unknown of -
101 guest 10..20 in guest of -
103 halted 9..20 in poll of -
103 exit 8..20 open svm:120 polling 1 halted 11
102 guest 10..45 in guest of -
102 hypervisor 45..46 in kvm of -
102 exit 45..46 svm:1024 hypervisor 1
101 unknown 20..50 in unknown of -
101 unknown 50..52 in unknown of -
102 guest 46..55 in guest of -
103 unknown 20..55 in unknown of -
101 guest 52..60 in guest of -
102 hypervisor 55..60 in guest of -
102 exit 55..60 open not told hypervisor 5
103 charge 55..60 vcpu 102 of -
103 waking 55..60 in unknown of -
