# One scenario: the truth (tests/hints/main.c) and what vmsync hints said, as an array of
# the two. What is due and what is wrong is by the truth alone.
#
#	right	all that is due is said, and nothing wrong; where one VM is too much for
#		the others, it is the one that the first hint of that kind names
#	wrong	hints that are not even worth saying, within the error that gains may have
#	errors	of each gain, relative to the true one
.[0] as $t | .[1] as $h |
1.25 as $margin | $h.least_s_per_h as $least |

# The true gain of what a hint says; null: it cannot be done.
def true_gain: . as $x |
	if .kind == "separate" then
		first(($t.separate[] | select(.vm == $x.vm.pid and .by == $x.by.pid).gain), null)
	elif .kind == "emulator" or .kind == "task" then
		first(($t[$x.kind][] | select(.pid == $x.by.pid).gain), null)
	elif .kind == "pin" then $t.pin
	else $t.spare * 3600 end;
def least_of: if .kind == "overcommit" then 3600 else $least end;

($t.emulator + $t.task + [{gain: ($t.pin // 0)}] + $t.separate | map(.gain) | max) as $most |
# What has to be said: kind, and whom it is about.
([$t.emulator[] | select(.gain >= $least * $margin) | {kind: "emulator", pid}] +
 [$t.task[] | select(.gain >= $least * $margin) | {kind: "task", pid}] +
 (if $t.pin and $t.pin >= $least * $margin then [{kind: "pin"}] else [] end) +
 (if $t.aggressor > 0 and ([$t.separate[] | select(.by == $t.aggressor).gain] | max) >= $least * $margin
  then [{kind: "separate", pid: $t.aggressor}] else [] end) +
 (if $t.spare >= 1 * $margin and $most < $least / $margin then [{kind: "overcommit"}] else [] end)
) as $due |
[$h.hints[] | . as $x | true_gain as $g | {kind, vm: .vm.pid, by: .by.pid, gain: .gain_s_per_h,
	truth: $g, wrong: ($g == null or $g < ($x | least_of) / $margin)}] as $said |
[$due[] | . as $d | select(
	([$said[] | select(.kind == $d.kind)] |
	 if $d.kind == "separate" then .[0:1] else . end |
	 any(.by == $d.pid or ($d.pid == null))) | not)] as $missed |
{seed: $t.seed, story: $t.story, aggressor: $t.aggressor, due: ($due | length), missed: $missed,
 said: ($said | length), wrong: [$said[] | select(.wrong)],
 errors: [$said[] | select(.truth and .truth > 0) | {kind, vm, by, gain, truth,
	error: (.gain / .truth - 1)}],
 silent: [$h.silent[] | {kind, vm: .vm.pid, by: .by.pid, gain: .gain_s_per_h, why}]} |
.right = (.missed == [] and .wrong == [])
