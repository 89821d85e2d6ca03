# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# What a host and a guest that are whole Debian systems do alike (tests/lab/system):
# vmsync's packages come, and go. Sourced by l1.sh (bash) and guest.sh (dash) in both,
# after common.sh. $kept is a folder for what the judge looks at
# (tests/check/lab-packages.sh).

# shellcheck source=/dev/null
. "$lab_readme/tests/lab/libvirt.sh"

seconds() { cut -d. -f1 /proc/uptime; }

# timed WHAT COMMAND...: its output into a file of that name
timed() {
	timed_what=$1 timed_since=$(seconds)
	shift
	"$@" > "$kept/$timed_what" 2>&1 ||
		fail "$timed_what: $(tail -n 3 "$kept/$timed_what" | tr '\n' ' ')"
	say "took $(($(seconds) - timed_since)) s: $timed_what"
}

# All that is started at boot is there, and so are the modules of what devices there are.
system_settled() {
	mkdir -p "$kept"
	systemctl is-system-running --wait > "$kept/system"
	udevadm settle --timeout=300
	systemctl --failed --no-legend --plain > "$kept/failed"
	say "system $(cat "$kept/system")"
}

# journal_take OPTION...: what units, and the kernel, said since the machine booted
journal_take() {
	journalctl -b "$@" > "$kept/journal" 2>&1
	dmesg > "$kept/dmesg"
}

# names_of FOLDER: those of the list $names that are in it, each with its type, mode,
# owner, and what it holds
names_of() {
	# shellcheck disable=SC2185 # they are in the list
	(
		cd "$1" || exit
		while read -r name; do
			if [ -e "$name" ] || [ -L "$name" ]; then
				printf '%s\0' "$name"
			fi
		done < "$names" > "$names.there"
		find -files0-from "$names.there" -maxdepth 0 \
			-printf '%p %y %m %U:%G %l\n'
		find -files0-from "$names.there" -maxdepth 0 -type f \
			-exec sha1sum {} + | awk '{ print $2, $1 }'
	) | sort
}

# Every file that is not as the image has it: below the root is the image, above is
# what was written since.
state_files() {
	(cd /run/lab/rw/upper && find . -mindepth 1 -printf '%P\n') > "$names"
	names_of /run/lab/ro > "$names.ro"
	names_of /run/lab/rw/upper | comm -13 "$names.ro" -
}

# systemctl_list FILE COMMAND...: a slow machine's systemd may not answer in time
systemctl_list() {
	systemctl_to=$1
	shift
	# shellcheck disable=SC2016 # of the inner shell
	until_true "systemd does not answer" sh -c \
		'to=$1; shift; systemctl --no-legend --plain "$@" > "$to"' x "$systemctl_to" "$@"
}

# state_take NAME: what there is, into $kept/NAME
state_take() {
	names=/run/lab/names
	mkdir -p "$kept/$1"
	state_files > "$kept/$1/files"
	awk '{ print $1 }' /proc/modules | sort > "$kept/$1/modules"
	getent group | cut -d: -f1,4 | sort > "$kept/$1/groups"
	getent passwd | cut -d: -f1 | sort > "$kept/$1/users"
	systemctl_list "$names.units" list-unit-files
	sort "$names.units" > "$kept/$1/unit-files"
	# A device's udev entry goes on to name a unit that is not there any more.
	systemctl_list "$names.units" list-units --all 'vmsync*' 'lttng*'
	awk '$2 " " $3 != "not-found inactive" { $1 = $1; print }' "$names.units" \
		> "$kept/$1/units"
	# What it says beside is of its own pipes.
	dkms status > "$kept/$1/dkms" 2> /dev/null
	say "state $1"
}

# readme_run WORDS: the command of README.md that begins with them
readme_run() {
	(
		cd /run/lab/debs || exit
		sh -c "$(readme "$lab_readme" "$1")"
	)
}

# By what README says, with nobody to ask.
packages_install() {
	export DEBIAN_FRONTEND=noninteractive
	timed install readme_run "apt install"
}

tracer_setup() {
	# What gcc made of LTTng's sources is there (image.sh), to be found by who has no
	# language; systemd gives its services one.
	unset LANG
	export DEBIAN_KERNEL_USE_CCACHE=1 CCACHE_DIR=/var/cache/ccache \
		CCACHE_INODECACHE=1
	timed tracer readme_run "vmsync setup tracer"
	ccache -s > "$kept/ccache" 2>&1
}

# doctor: what it says, and its exit status
doctor() {
	vmsync doctor > "$kept/doctor" 2>&1
	echo $? > "$kept/doctor.status"
	say "doctor: exit status $(cat "$kept/doctor.status")"
}

# packages_purge NAME...
packages_purge() {
	timed purge apt-get -q -y purge "$@"
}
