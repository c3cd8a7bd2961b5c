# shellcheck shell=bash
# Sourced by the tools: where we are, what to install, and how steps are shown. Commentary goes to stderr.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
logs=$PWD/build/logs
mkdir -p "$logs"
export LANG=C.UTF-8

say() { printf '==> %s\n' "$*" >&2; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# run_logged LOG COMMAND...: runs quietly into LOG and says every 20 seconds how far it is.
run_logged() {
  local log=$1 started=$SECONDS quiet=0 status=0
  shift
  "$@" >"$log" 2>&1 </dev/null &
  local pid=$!
  trap 'kill $pid 2>/dev/null; exit 130' INT TERM
  while kill -0 $pid 2>/dev/null; do
    sleep 0.2
    quiet=$((quiet + 1))
    if ((quiet % 100 == 0)); then
      printf '    %4d s  %.90s\n' $((SECONDS - started)) "$(tail -n 1 "$log")" >&2
    fi
  done
  wait $pid || status=$?
  trap - INT TERM
  return $status
}

# step TITLE COMMAND...: the same under a title, and on failure shows the end of the log.
step() {
  local title=$1 started=$SECONDS status=0
  shift
  local log=$logs/${title//[^a-zA-Z0-9]/-}.log
  say "$title"
  run_logged "$log" "$@" || status=$?
  if ((status != 0)); then
    grep -vE '^(\[[0-9]+/[0-9]+\]|-- |ninja: Entering)' "$log" | tail -n 80 >&2 || true
    printf 'error: "%s" failed after %d s (status %d); all of it is in %s\n' \
      "$title" $((SECONDS - started)) $status "$log" >&2
  fi
  return $status
}

as_root() {
  if [[ $(id -u) == 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    fail "packages are missing and this is neither root nor a machine with sudo; as root, run: $*"
  fi
}

apt_install() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q update
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends install "$@"
}

# install_packages GROUP...: what tools/packages lists for these groups and the machine does not have yet.
install_packages() {
  command -v apt-get >/dev/null || fail "these tools install with apt; elsewhere, install what tools/packages lists"
  local wanted missing
  wanted=$(for group in "$@"; do sed -n "s/^$group //p" tools/packages; done | tr ' ' '\n' | sort -u)
  missing=$(comm -23 <(echo "$wanted") \
    <(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' | sed -n 's/^ii  *//p' | sort -u))
  [[ -z $missing ]] && return
  # sudo must ask for its password before the output goes to a log.
  [[ $(id -u) == 0 ]] || as_root true
  # shellcheck disable=SC2086
  step "Installing $(wc -w <<<"$missing") Debian packages ($*)" apt_install $missing
}

# build_preset PRESET [TARGET...]: configures and builds in build/PRESET; SAMPAN_CMAKE holds more arguments for CMake.
build_preset() {
  local preset=$1
  shift
  # shellcheck disable=SC2086
  step "Configuring $preset" cmake --preset "$preset" ${SAMPAN_CMAKE:-} || return
  step "Building $preset" cmake --build "build/$preset" ${*:+--target "$@"}
}
