# shellcheck shell=bash disable=SC2086,SC2116,SC2154
# Shared by ./run and ./test (sourced): packages, free space, configuring and building.
# Needs $root, the folder of the sources.
build=$root/build

say() { printf '%s\n' "$*" >&2; }
die() {
  say "error: $1"
  shift
  for line in "$@"; do say "  $line"; done
  exit 1
}

# package_names FILE...: first words, comments left out.
package_names() { sed -E 's/#.*//; s/[[:space:]]+//g; /^$/d' "$@"; }

# missing_packages FILE...: those not installed, one a line.
missing_packages() {
  local wanted
  wanted=$(package_names "$@" | sort)
  # dpkg-query fails when it does not know one of them; those are just what is asked for.
  { dpkg-query -W -f='${db:Status-Status} ${binary:Package}\n' $wanted 2>/dev/null || true; } |
    sed -n 's/^installed //p' | sed 's/:.*//' | sort | comm -23 <(printf '%s\n' "$wanted") -
}

# need_space FOLDER MIB WHY: stops when the file system of FOLDER has less free.
need_space() {
  local folder=$1 free
  while [ ! -d "$folder" ]; do folder=$(dirname "$folder"); done
  free=$(df -Pm "$folder" | awk 'NR == 2 {print $4}')
  [ "$free" -ge "$2" ] || die "the disk is too full $3: $free MiB are free at $folder, about $2 are needed" \
    "Free some space and run this again."
}

# install_packages FILE...: installs what is missing, saying what and why.
install_packages() {
  if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
    die "this is neither Debian nor Ubuntu, so packages cannot be installed from here" \
      "Install the counterparts of what is listed in $(printf '%s ' "$@")" \
      "and start again with --no-install."
  fi
  local missing
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0

  say "Missing packages, with what each is for:"
  local name
  for name in $missing; do sed -nE "s/^($name)[[:space:]]+#/  \1 -/p" "$@" >&2; done
  need_space /usr 6144 "to install them"
  need_space /var/cache/apt 1024 "to download them"

  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "installing needs root, and sudo is not there" \
      "Ask an administrator to run:" "apt-get install --no-install-recommends $(echo $missing)"
    say "They are installed with apt-get through sudo, which may ask for your password."
    as_root=(sudo)
  fi
  local log lists=new
  log=$(mktemp)
  if ! "${as_root[@]}" apt-get update -q 2>&1 | tee "$log" >&2 || grep -q '^\(W\|E\): Failed to fetch' "$log"; then
    lists=old
    say "note: the package lists could not be renewed; going on with those that are here."
  fi
  # Debian starts a server, open to the network, as soon as Orthanc is installed; the tests start one of their own.
  if grep -qx orthanc <<<"$missing" && command -v systemctl >/dev/null; then
    say "Orthanc's own service is kept from starting; 'systemctl unmask orthanc.service' would allow it."
    "${as_root[@]}" systemctl mask orthanc.service 2>/dev/null || say "note: it could not be kept from starting."
  fi
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends \
    -o DPkg::Lock::Timeout=300 $missing 2>&1 | tee "$log" >&2; then
    explain_apt "$log" $lists
  fi
  rm -f "$log"
  missing=$(missing_packages "$@")
  [ -z "$missing" ] || die "still missing after the installation: $(echo $missing)"
}

# explain_apt LOG LISTS: says in words why apt-get failed; LISTS is old when they could not be renewed.
explain_apt() {
  local absent
  absent=$(sed -nE "s/^E: (Unable to locate package |Package '?)([^ ']+).*/\2/p" "$1" | sort -u | tr '\n' ' ')
  if grep -qiE 'no space left|not have enough free space' "$1"; then
    die "the disk became full during the installation" "Free some space and run this again; nothing has to be undone."
  elif [ -n "$absent" ] && [ "$2" = old ]; then
    die "the package lists could not be renewed, and these packages are not in the old ones: $absent" \
      "Is the network there? Proxies go into /etc/apt/apt.conf.d. Once installed, nothing more is downloaded."
  elif [ -n "$absent" ]; then
    die "these packages cannot be had from this machine's package sources: $absent" \
      "Debian 12 (bookworm) carries all of them in its main section: see /etc/apt/sources.list and sources.list.d."
  elif grep -qiE 'failed to fetch|could not (resolve|connect)|temporary failure' "$1"; then
    die "the packages could not be downloaded" "Is the network there? Proxies go into /etc/apt/apt.conf.d." \
      "$(grep -iE 'failed to fetch|could not (resolve|connect)|temporary failure' "$1" | head -1)"
  elif grep -qi 'could not get lock' "$1"; then
    die "another program is installing packages" "Wait until it has finished and run this again."
  elif grep -qiE 'not in the sudoers|password is required|incorrect password' "$1"; then
    die "sudo refused" "Ask an administrator to run this once, or to install the packages listed above."
  fi
  die "apt-get failed; its last words were:" "$(tail -3 "$1")"
}

# build_jobs: one for each processor, but about 2 GB of memory for each.
build_jobs() {
  local cores memory
  cores=$(nproc)
  memory=$(awk '/^MemAvailable/ {print int($2 / 2000000)}' /proc/meminfo)
  [ "$memory" -ge 1 ] || memory=1
  echo $((cores < memory ? cores : memory))
}

# configure OPTION...: (again) configures build/ when it is new, was copied from elsewhere or lacks an option.
configure() {
  local cache=$build/CMakeCache.txt option stale=()
  if [ -f "$build/build.ninja" ] && grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$cache"; then
    local same=yes
    for option in "$@"; do
      grep -qE "^${option%%=*}:[A-Z]+=${option#*=}$" "$cache" || same=no
    done
    [ $same = no ] || return 0
  elif [ -f "$cache" ]; then
    stale=(--fresh)
  fi
  mkdir -p "$build" 2>/dev/null || die "cannot make $build" "Check the permissions of $root."
  say "Configuring $build"
  if ! cmake "${stale[@]}" -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release "${@/#/-D}" \
    >"$build/configure.log" 2>&1; then
    grep -A12 'CMake Error' "$build/configure.log" | head -40 >&2 || tail -20 "$build/configure.log" >&2
    die "the build could not be configured" "The whole output is in $build/configure.log"
  fi
}

# build_target TARGET: builds, and says in words why it failed.
build_target() {
  need_space "$build" 2048 "to build"
  say "Building in $build (only what has changed; the first time takes a while)"
  local log=$build/build.log
  if ! NINJA_STATUS='[%f/%t, %es] ' cmake --build "$build" --target "$1" \
    --parallel "${CMAKE_BUILD_PARALLEL_LEVEL:-$(build_jobs)}" 2>&1 | tee "$log" >&2; then
    if grep -qi 'no space left' "$log"; then
      die "the disk became full during the build" "Free some space and run this again; it goes on where it stopped."
    elif grep -qiE 'killed signal|terminated signal|out of memory|cannot allocate memory' "$log"; then
      die "the compiler ran out of memory" "Run this again with CMAKE_BUILD_PARALLEL_LEVEL=1."
    fi
    die "the build failed" "The whole output is in $log"
  fi
}

# hold_build: one builder at a time; released when the shell ends or by release_build.
hold_build() {
  mkdir -p "$build" 2>/dev/null || die "cannot make $build" "Check the permissions of $root."
  exec 9>"$build/.lock"
  flock -n 9 || { say "Waiting for another build in $build"; flock 9; }
}
release_build() { exec 9>&-; }
