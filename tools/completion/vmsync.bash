# SPDX-License-Identifier: MIT
#
# Completion for bash. Commands and options are those that --help prints, so that
# there is one place where they are written.

_vmsync_commands() {
	vmsync --help 2> /dev/null | sed -n 's/^  \([a-z]*\)  *[a-z].*/\1/p'
}

_vmsync_options() {
	vmsync "$1" --help 2> /dev/null |
		grep -oE '^ +(-[a-zA-Z], )?--[a-z-]+=?|^  +-[a-zA-Z],' |
		grep -oE -- '--?[a-zA-Z][a-z-]*=?'
}

_vmsync() {
	local word=${COMP_WORDS[COMP_CWORD]} command=${COMP_WORDS[1]}

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_vmsync_commands) help \
			--help --version" -- "$word")
	elif [ "$command" = help ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_vmsync_commands)" -- "$word")
	elif [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_vmsync_options "$command")" -- "$word")
		[[ ${COMPREPLY[0]} != *= ]] || compopt -o nospace
	else
		compopt -o filenames
		mapfile -t COMPREPLY < <(compgen -f -- "$word")
	fi
}

complete -F _vmsync vmsync
