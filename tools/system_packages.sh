#!/bin/sh
# Install what bindep.txt lists for a profile:  tools/system_packages.sh PROFILE
# Does so only as root or with passwordless sudo; says in one sentence why not otherwise.
set -eu

profile=$1
bindep=$(dirname "$0")/../bindep.txt

platforms() {
    echo "dpkg $(. /etc/os-release && echo "$ID")"
}

# A line counts when one of its platforms is ours and one of its profiles was asked for.
listed() {
    awk -v wanted="$profile" -v ours=" $(platforms) " '
        { sub(/#.*/, ""); gsub(/[][]/, " ") }
        NF > 1 {
            platform = asked = 0
            for (i = 2; i <= NF; i++) {
                if ($i == wanted) asked = 1
                if (sub(/^platform:/, "", $i) && index(ours, " " $i " ")) platform = 1
            }
            if (platform && asked) print $1
        }' "$bindep"
}

missing() {
    for package in $(listed); do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || echo "$package"
    done
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

if ! command -v apt-get >/dev/null; then
    echo "SimNova: there is no apt here, so install the counterparts of what bindep.txt lists under '$profile' yourself." >&2
    exit 1
fi
packages=$(missing | tr '\n' ' ')
[ -n "$packages" ] || exit 0
if ! as_root true 2>/dev/null; then
    echo "SimNova: this needs root or passwordless sudo; have someone run: apt-get install $packages" >&2
    exit 1
fi
echo "SimNova: installing ${packages}with apt"
export DEBIAN_FRONTEND=noninteractive
as_root apt-get -qq update </dev/null
as_root apt-get -qq install -y --no-install-recommends $packages </dev/null >/dev/null
