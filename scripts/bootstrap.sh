#!/bin/sh
# Makes .venv with everything a lock file names, from nothing but a Python 3.12+ somewhere on the machine.
# Usage: scripts/bootstrap.sh requirements.lock
set -eu
cd "$(dirname "$0")/.."
lock="$1"
python=.venv/bin/python
# Compiled once here, imports are two to three times faster on every later start.
unset PYTHONDONTWRITEBYTECODE
export UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never PIP_DISABLE_PIP_VERSION_CHECK=1

suits() { "$1" -c 'import sys, venv, ensurepip; raise SystemExit(not (3, 12) <= sys.version_info < (3, 15))' >/dev/null 2>&1; }

find_python() {
  # A shim can exist without working, so every candidate is run, never just looked up.
  for candidate in "${PYTHON:-}" python3.13 python3.12 python3.14 python3 python; do
    if [ -n "$candidate" ] && suits "$candidate"; then echo "$candidate"; return 0; fi
  done
  for root in "${PYENV_ROOT:-}" "$HOME/.pyenv"; do
    [ -n "$root" ] && [ -d "$root/versions" ] || continue
    for version in $(ls "$root/versions" | sort -t. -k1,1nr -k2,2nr -k3,3nr); do
      candidate="$root/versions/$version/bin/python3"
      if suits "$candidate"; then echo "$candidate"; return 0; fi
    done
  done
  return 1
}

explain_and_stop() {
  cat >&2 <<'TEXT'
Enginehouse needs Python 3.12, 3.13 or 3.14 (with its venv module) and found none that works.
  Debian or Ubuntu   sudo apt-get install python3 python3-venv   (or a newer release's python3.13)
  macOS              brew install python@3.13
  any system         pyenv install 3.13, or the installer from python.org
If it is installed in an unusual place:  make demo PYTHON=/path/to/python3.13
TEXT
  exit 1
}

fetch_python() {
  # The last resort: uv (installed by whatever older Python there is) may be able to fetch one.
  for old in python3 python; do
    "$old" -m venv .venv-uv >/dev/null 2>&1 || continue
    .venv-uv/bin/python -m pip install -q 'uv>=0.13,<0.14' >/dev/null 2>&1 || continue
    echo "No Python 3.12+ found; asking uv to fetch one ..." >&2
    if UV_PYTHON_DOWNLOADS=automatic .venv-uv/bin/python -m uv venv -q --seed --python 3.13 .venv >/dev/null 2>&1; then
      rm -rf .venv-uv
      return 0
    fi
  done
  rm -rf .venv-uv
  return 1
}

if ! { [ -x "$python" ] && suits "$python"; }; then
  rm -rf .venv
  if found=$(find_python); then
    echo "Setting up .venv with $("$found" --version) ..." >&2
    "$found" -m venv .venv
  else
    fetch_python || explain_and_stop
  fi
fi

# A stamp says which lock and which package description .venv was made from.
stamp=".venv/.made-from-$(basename "$lock")"
if [ -f "$stamp" ] && cmp -s "$stamp" "$lock" && [ "$stamp" -nt pyproject.toml ]; then exit 0; fi

"$python" -m uv --version >/dev/null 2>&1 || "$python" -m pip install -q 'uv>=0.13,<0.14'
echo "Installing what $lock names (a minute or two the first time) ..." >&2
"$python" -m uv pip sync -q --python "$python" --require-hashes "$lock"
"$python" -m uv pip install -q --python "$python" --no-deps --no-build-isolation -e .
rm -f .venv/.made-from-*
cp "$lock" "$stamp"
