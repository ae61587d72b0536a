#!/usr/bin/env bash
# Writes requirements/locked.txt: every package of the program and its tests, with hashes, for every platform and
# Python that pyproject.toml allows. `bash requirements/lock.sh`; give `--upgrade` to take the newest allowed.
# Install from it with:  pip install --require-hashes -r requirements/locked.txt && pip install --no-deps -e .
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
python3 -m venv "$tools"
"$tools/bin/pip" install -q uv
UV_CUSTOM_COMPILE_COMMAND="bash requirements/lock.sh" "$tools/bin/uv" pip compile -q --universal \
    --generate-hashes --no-emit-index-url --no-header --python-version 3.11 --all-extras "$@" \
    -o requirements/locked.txt pyproject.toml
sed -i '1i # Made by `bash requirements/lock.sh` from pyproject.toml; see there how to install from it.' \
    requirements/locked.txt
