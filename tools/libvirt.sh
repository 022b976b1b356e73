#!/bin/sh
# Build libvirt-python in a virtual environment, with system packages where needed:  tools/libvirt.sh VENV
set -u

venv=$1

build() {
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" -c requirements.lock libvirt-python \
        >"$venv/libvirt.log" 2>&1
}

build && exit 0
if "$(dirname "$0")/system_packages.sh" libvirt && build; then exit 0; fi
echo "SimNova: libvirt-python could not be built ($venv/libvirt.log), so hosts are simulated and what needs libvirt is skipped." >&2
exit 1
