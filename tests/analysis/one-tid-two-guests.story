# Two guests have a thread 41 each, and one of them runs it on two CPUs in turn: no thread
# is taken for another's.
vcpu 101 id 0 pid 100 guest 1 0
vcpu 102 id 1 pid 100 guest 1 1
vcpu 201 id 0 pid 200 guest 2 0
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
10 cpu 1 switch 0 R 102 CPU_1/KVM
10 cpu 1 entry
10 cpu 2 switch 0 R 201 CPU_0/KVM
10 cpu 2 entry
12 guest 1 0 switch 0 R 41 gcc
12 guest 2 0 switch 0 R 41 nginx
20 guest 1 0 switch 41 R 0 swapper/0
22 guest 1 1 switch 0 R 41 gcc
end 30
---
101 unknown 0..10 in unknown of -
102 unknown 0..10 in unknown of -
201 unknown 0..10 in unknown of -
101 guest 10..12 in guest of -
201 guest 10..12 in guest of -
101 guest 12..20 in guest of gcc:41
102 guest 10..22 in guest of -
101 guest_idle 20..30 in guest of swapper/0:0
102 guest 22..30 in guest of gcc:41
201 guest 12..30 in guest of nginx:41
