#!/usr/bin/env bash
# Boots a Linux guest with simulated GPIO lines and runs guest/main.ts in it, with the project as it would be installed.
#   boot.sh FOLDER: writes the reports of the guest to FOLDER/report, and the output of its kernel and programs to FOLDER/console.
# The guest is emulated. It touches no hardware of this machine, and needs no privilege.
# Exit codes: 0 the guest ran to its end, 77 something is missing on this machine (named in the last line of stderr), 1 otherwise.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
project=$(cd "$here/../.." && pwd)
folder=$(cd "$1" && pwd)

# Longer than the guest ever takes. It ends a guest that hangs.
limit_seconds=1100

say() {
  printf '%s\n' "$*" >&2
}

lacking() {
  say "$*"
  exit 77
}

fail() {
  say "$*"
  exit 1
}

install() {
  say "installing $*"
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >"$folder/apt.log" 2>&1 || {
    tail -n 20 "$folder/apt.log" >&2
    fail "apt-get install $* failed"
  }
}

# Installs missing packages on a machine of the CI, and nothing on a person's machine.
provide() {
  if [ -z "${CI:-}" ]; then
    lacking "Debian packages are missing: $* (apt-get install --no-install-recommends $*)"
  fi
  if [ -z "${lists_are_new:-}" ]; then
    apt-get update -qq >"$folder/apt.log" 2>&1 || fail "apt-get update failed: $(tail -n 3 "$folder/apt.log")"
    lists_are_new=yes
  fi
  [ $# -eq 0 ] || install "$@"
}

[ "$(uname -s) $(uname -m)" = 'Linux x86_64' ] || lacking "the guest needs a Linux machine with x86_64, this is $(uname -s) $(uname -m)"
command -v apt-cache >/dev/null && command -v dpkg-deb >/dev/null || lacking 'the guest runs the kernel of Debian, which needs apt and dpkg here'
[ -f "$project/dist/bundle/main.js" ] || fail 'the project is not built: npm run build'

missing=()
for tool in qemu-system-x86_64:qemu-system-x86 cpio:cpio cc:gcc; do
  command -v "${tool%:*}" >/dev/null || missing+=("${tool#*:}")
done
dpkg-query -W -f '${Status}' busybox-static 2>/dev/null | grep -q ' installed$' || missing+=(busybox-static)
[ -n "$(find /usr/lib -name libc.a -print -quit 2>/dev/null)" ] || missing+=(libc6-dev)
[ ${#missing[@]} -eq 0 ] || provide "${missing[@]}"

# The script may first say that apt has no lists, and then that packages are missing.
for attempt in 1 2 3; do
  code=0
  kernel=$("$here/prepare-kernel.sh" 2>"$folder/kernel.log") || code=$?
  [ "$code" -ne 0 ] || break
  reason=$(tail -n 1 "$folder/kernel.log")
  [ "$code" -eq 77 ] && [ "$attempt" -lt 3 ] || fail "$(cat "$folder/kernel.log")"
  case $reason in
  *'apt-get update') [ -n "${CI:-}" ] || lacking "$reason" && provide ;;
  *) read -ra packages <<<"$reason" && provide "${packages[@]}" ;;
  esac
done

root=$folder/root
rm -rf "$root"
mkdir -p "$root"/{bin,dev,proc,sys,tmp,etc,lib/modules,lab/project}
trap 'rm -rf "$root" "$folder/initrd"' EXIT

cp "$(command -v busybox)" "$root/bin/busybox"
"$root/bin/busybox" --list | grep -vx busybox | while read -r applet; do ln -s busybox "$root/bin/$applet"; done
cp "$kernel"/*.ko "$root/lib/modules/"
cc -O2 -Wall -Wextra -Werror -static -o "$root/bin/stimulus" "$here/stimulus.c"

# Copies a program or library, and the libraries that it needs, to the paths where it looks for them.
libraries_of() {
  { ldd "$1" 2>/dev/null || true; } | grep -oE '/[^ )]+' | sort -u | while read -r library; do
    mkdir -p "$root${library%/*}"
    [ -e "$root$library" ] || cp -L "$library" "$root$library"
  done
}
cp "$(readlink -f "$(command -v node)")" "$root/bin/node"
libraries_of "$root/bin/node"

# The files that `npm install --omit=dev` installs, without those that nothing uses at run time.
(
  cd "$project"
  { npm ls --omit=dev --parseable --all 2>/dev/null || true; } | sed -n "s|^$project/||p" >"$folder/packages"
  grep -qx node_modules/koffi "$folder/packages" || fail 'node_modules lacks koffi: npm ci'
  tar -c --exclude='*.map' --exclude='*.d.ts' --exclude='*.d.cts' --exclude='*.md' --exclude='*.c' --exclude='*.h' --exclude='obj.target' \
    package.json dist/bundle --files-from="$folder/packages" | tar -x -C "$root/lab/project"
)
find "$root/lab/project" -name '*.node' | while read -r addon; do libraries_of "$addon"; done

# The program of the guest, separate from the tested project, with the sources that it uses.
"$project/node_modules/.bin/rolldown" "$here/guest/main.ts" --platform node --format esm --file "$root/lab/guest.mjs" >&2
cp "$here/guest/init.sh" "$root/init"
chmod +x "$root/init"
(cd "$root" && find . | cpio --quiet -o -H newc) >"$folder/initrd"

# The guest has one processor, and its time is counted in instructions: 2 ns each. If this machine pauses the emulator, the
# guest's time is paused too, so a spike of 20 ms stays a spike. While the guest only waits, its time is skipped.
timeout "$limit_seconds" qemu-system-x86_64 \
  -machine q35 -cpu max -accel tcg -icount shift=1,sleep=off -smp 1 -m 1024 \
  -nodefaults -display none -no-reboot \
  -serial "file:$folder/console" -serial "file:$folder/report" \
  -kernel "$kernel/vmlinuz" -initrd "$folder/initrd" \
  -append 'console=ttyS0 quiet panic=-1 rdinit=/init' </dev/null >"$folder/qemu.log" 2>&1 &
guest=$!
# A signal to this script also ends the guest.
trap 'kill "$guest" 2>/dev/null' INT TERM
code=0
wait "$guest" || code=$?
[ "$code" -ne 124 ] || fail "the guest did not end within $limit_seconds s; its last words: $(tail -n 20 "$folder/console")"
[ "$code" -eq 0 ] || fail "qemu ended with $code: $(tail -n 20 "$folder/qemu.log")"
grep -q "^the guest's program ended with 0" "$folder/console" || fail "the guest's last words: $(tail -n 40 "$folder/console")"
