# The guest reboots: its second boot is machine 2. Between its traces nothing tells which
# thread runs.
vcpu 101 id 0 pid 100 guest 1 0
vcpu 101 id 0 pid 100 guest 2 0
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
12 guest 1 0 switch 0 R 41 reboot
20 guest 1 0 lost 20
30 guest 2 0 switch 0 R 1 init
end 40
---
101 unknown 0..10 in unknown of -
101 guest 10..12 in guest of -
101 guest 12..20 in guest of reboot:41
101 guest 20..30 in guest of -
101 guest 30..40 in guest of init:1
