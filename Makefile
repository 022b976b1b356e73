# `make lab` opens the first notebook, `make test` runs every test. Both set up what they need.
# `make labs` makes the students' versions of the labs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv pip install --quiet --python $(BIN)/python
START := lab/tree/notebooks/00_start_here.ipynb
# The server sends what the player shows at once, and not when the browser has acknowledged the message before.
PROMPT := --ServerApp.kernel_websocket_connection_class=simnova.widgets.connection.PromptConnection
NBVAL := --nbval --nbval-current-env --nbval-cell-timeout=60
SLOW := notebooks or labs or browser or libvirt or qemu or thorough
PYTEST := $(BIN)/pytest -n2 --dist loadfile
# Where a shell forbids Python its caches, every process of every test would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: lab labs test check notebooks bench lock screenshots clean browser qemu
.DELETE_ON_ERROR:

lab: $(VENV)/.libvirt
	$(BIN)/jupyter-lab --log-level=WARN --ip=127.0.0.1 $(PROMPT) --LabApp.default_url=/$(START) $(if $(filter 0,$(shell id -u)),--allow-root) $(if $(DISPLAY)$(WAYLAND_DISPLAY)$(filter Darwin,$(shell uname)),,--no-browser)

test: $(VENV)/.libvirt browser qemu
	$(PYTEST) $(NBVAL) tests $(wildcard notebooks labs/source)

check: $(VENV)/.packages
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(PYTEST) -p no:nbval -m "not ($(SLOW))" tests

notebooks: $(VENV)/.libvirt
	$(PYTEST) $(NBVAL) notebooks

labs: $(VENV)/.packages
	cd labs && PATH="$(CURDIR)/$(BIN):$$PATH" nbgrader generate_assignment --force --create trace_a_boot

bench: $(VENV)/.packages
	$(BIN)/python -m benchmarks

lock: $(VENV)/.uv
	$(BIN)/uv pip compile --quiet --upgrade --universal --all-extras --custom-compile-command "make lock" -o requirements.lock pyproject.toml

screenshots: $(VENV)/.packages browser
	$(BIN)/python tools/screenshots.py

clean:
	rm -rf $(VENV) build dist .*_cache .hypothesis .benchmarks

# What has been set up leaves a stamp in the virtual environment, so the second time is quick.

$(VENV)/.uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "SimNova needs Python 3.11 or newer; name one with: make PYTHON=python3.12 …")'
	@$(PYTHON) -m venv --clear $(VENV) >/dev/null || { tools/system_packages.sh venv && $(PYTHON) -m venv --clear $(VENV); }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@touch $@

# libvirt-python alone needs a compiler, so it is left out here and tried for itself.
$(VENV)/.packages: $(VENV)/.uv requirements.lock pyproject.toml
	@echo "SimNova: installing the packages of requirements.lock"
	@grep -v '^libvirt-python' requirements.lock | $(UV) -r -
	@$(UV) --no-deps -e .
	@$(BIN)/jupyter-labextension disable --log-level=ERROR --level=sys_prefix @jupyterlab/apputils-extension:announcements
	@touch $@

$(VENV)/.libvirt: $(VENV)/.packages
	@if tools/libvirt.sh $(VENV); then touch $@; fi

browser:
	@command -v chromium chromium-browser google-chrome >/dev/null || tools/system_packages.sh browser || echo "SimNova: without Chromium the browser tests are skipped."

qemu:
	@command -v qemu-system-x86_64 >/dev/null && command -v qemu-img >/dev/null && PATH="$$PATH:/usr/sbin" command -v libvirtd virtqemud >/dev/null || tools/system_packages.sh qemu || echo "SimNova: without QEMU the tests with real guests are skipped."
	@export PATH="$$PATH:/usr/sbin:/sbin"; command -v genisoimage >/dev/null && command -v mkfs.vfat >/dev/null && command -v mcopy >/dev/null && command -v syslinux >/dev/null && command -v busybox >/dev/null && command -v dropbear >/dev/null && ls /boot/vmlinuz-* >/dev/null 2>&1 || tools/system_packages.sh linux || echo "SimNova: without a kernel, busybox and genisoimage the tests with a small Linux and config drives are skipped."
	@export PATH="$$PATH:/usr/sbin:/sbin"; [ "$$(id -u)" != 0 ] || { command -v dnsmasq && command -v iptables && command -v ip; } >/dev/null || tools/system_packages.sh nat || echo "SimNova: without dnsmasq and iptables the tests of NAT networks are skipped."
