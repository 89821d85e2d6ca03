# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Sourced by what runs in the box: who the operator is, and how to wait.

export LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
export OS_AUTH_URL=http://127.0.0.1:5000/v3 OS_USERNAME=admin OS_PASSWORD=cloud \
	OS_PROJECT_NAME=admin OS_USER_DOMAIN_NAME=Default OS_PROJECT_DOMAIN_NAME=Default \
	OS_IDENTITY_API_VERSION=3 OS_REGION_NAME=RegionOne OS_COMPUTE_API_VERSION=2.90

# say TEXT...: what is done from now on; process1.sh has set when all began
say() {
	echo "cloud: $((EPOCHSECONDS - CLOUD_BEGAN_S)) s: $*"
}

# soon TEXT COMMAND...: within ten minutes it succeeds; TEXT is what did not happen else
soon() {
	local text=$1 end=$((SECONDS + 600))

	shift
	until "$@" > /dev/null 2>&1; do
		if [ "$SECONDS" -ge "$end" ]; then
			echo "cloud: $text" >&2
			return 1
		fi
		sleep 0.5
	done
}

# answers PORT: of this host
answers() {
	(: 3<> "/dev/tcp/127.0.0.1/$1")
}
