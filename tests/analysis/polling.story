# An interrupt for the guest comes while KVM still polls: it goes on without sleep.
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
10 cpu 0 entry
20 cpu 0 exit vmx:hlt
28 cpu 0 entry
end 30
---
101 unknown 0..10 in unknown of -
101 guest 10..20 in guest of -
101 polling 20..28 in poll of -
101 exit 20..28 vmx:12 polling 8
101 guest 28..30 in guest of -
