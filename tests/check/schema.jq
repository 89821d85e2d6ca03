# What of a JSON text contradicts a JSON schema, given as $schema[0]: a list of places,
# empty if nothing does. Knows what Documentation/*.schema.json use: $ref, oneOf, type,
# enum, const, minimum, properties, required, additionalProperties: false, items.
$schema[0] as $root |

def kind: type as $t | if $t == "number" and floor == . then "integer" else $t end;

def wrong($s; $at):
	if $s["$ref"] then
		wrong($root.definitions[$s["$ref"] | sub("#/definitions/"; "")]; $at)
	elif $s.oneOf then
		. as $v | [$s.oneOf[] as $o | [$v | wrong($o; $at)] | length] |
		if any(. == 0) then empty else "\($at): fits nothing" end
	else
		(if $s.type and $s.type != kind and ($s.type != "number" or type != "number")
		 then "\($at): is \(kind), wanted \($s.type)" else empty end),
		(if $s.enum and (. as $v | $s.enum | index([$v]) == null)
		 then "\($at): \(.) is none of \($s.enum)" else empty end),
		(if $s | has("const") then
			if . != $s.const then "\($at): \(.), wanted \($s.const)" else empty end
		 else empty end),
		(if type == "number" and $s.minimum != null and . < $s.minimum
		 then "\($at): \(.) is less than \($s.minimum)" else empty end),
		(if type == "object" and $s.properties then
			. as $v |
			(($s.required // [])[] | select(. as $k | $v | has($k) | not) |
				"\($at).\(.): is missing"),
			(keys[] | select(. as $k | $s.properties | has($k) | not) |
				if $s.additionalProperties == false
				then "\($at).\(.): is not in the schema" else empty end),
			(keys[] as $k | select($s.properties | has($k)) |
				$v[$k] | wrong($s.properties[$k]; "\($at).\($k)"))
		 else empty end),
		(if type == "array" and $s.items then
			to_entries[] | .key as $i | .value |
			wrong($s.items; "\($at)[\($i)]")
		 else empty end)
	end;

[wrong($root; "")] | .[:10]
