# A virtual CPU runs guest code, has a page fault of nested paging (SVM 0x400), which
# KVM handles, and goes on. What comes before its first entry is not known.
vcpu 101 id 0 pid 100
10 cpu 0 switch 0 R 101 CPU_0/KVM
12 cpu 0 entry
20 cpu 0 exit svm:0x400
23 cpu 0 entry
end 30
---
101 unknown 0..10 in unknown of -
101 unknown 10..12 in unknown of -
101 guest 12..20 in guest of -
101 hypervisor 20..23 in kvm of -
101 exit 20..23 svm:1024 hypervisor 3
101 guest 23..30 in guest of -
