#!/usr/bin/env bash
# Makes a kernel for the guest: the kernel of Debian, and its GPIO simulator, which Debian does not build. Prints their folder.
# It downloads and builds once for each kernel version, in the cache of the user.
# Exit codes: 77 something is missing on this machine (named in the last line of stderr), 1 the build failed.
set -euo pipefail

lacking() {
  printf '%s\n' "$*" >&2
  exit 77
}

cache=${XDG_CACHE_HOME:-$HOME/.cache}/release-button/kernel-lab
image=$(apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[^ ]*\)$/\1/p' | head -n 1)
[ -n "$image" ] || lacking 'apt knows no kernel (linux-image-amd64): run apt-get update'
release=${image#linux-image-}
# The checksum of this script is part of the path, so a kernel that an older version has built is not used.
kernel=$cache/$release/$(sha256sum <"$0" | cut -c 1-12)

whole() {
  [ -s "$1/vmlinuz" ] && [ -s "$1/configfs.ko" ] && [ -s "$1/gpio-sim.ko" ]
}

if whole "$kernel"; then
  printf '%s\n' "$kernel"
  exit 0
fi

headers=/lib/modules/$release/build
missing=()
[ -e "$headers/Makefile" ] || missing+=("linux-headers-$release")
for tool in make:make gcc:gcc xz:xz-utils; do
  command -v "${tool%:*}" >/dev/null || missing+=("${tool#*:}")
done
[ ${#missing[@]} -eq 0 ] || lacking "${missing[*]}"

mkdir -p "${kernel%/*}"
# Removes the leftovers of an interrupted run.
find "${kernel%/*}" -mindepth 1 -maxdepth 1 -name 'building.*' -mmin +120 -exec rm -rf {} +
building=$(mktemp -d "${kernel%/*}/building.XXXXXX")
trap 'rm -rf "$building"' EXIT
log=$building/log

failed() {
  tail -n 30 "$log" >&2
  printf 'the kernel for the guest (%s) could not be made: %s; tried and known to work is Debian 12\n' "$release" "$1" >&2
  exit 1
}

# linux-source-6.1 for 6.1.0-56-amd64, linux-source-6.12 for 6.12.43+deb13-amd64.
source=linux-source-$(grep -oE '^[0-9]+\.[0-9]+' <<<"$release")
mkdir "$building/packages" "$building/unpacked" "$building/module" "$building/whole"
(cd "$building/packages" && apt-get download -q "$image" "$source") >>"$log" 2>&1 || failed "apt-get download $image $source"

dpkg-deb --fsys-tarfile "$building/packages/$image"_*.deb |
  tar -x -C "$building/unpacked" --wildcards './boot/vmlinuz-*' '*/fs/configfs/configfs.ko*' 2>>"$log" ||
  failed "$image has no kernel or no configfs module where they are expected"
mv "$building"/unpacked/boot/vmlinuz-* "$building/whole/vmlinuz"
find "$building/unpacked" -name 'configfs.ko' -exec mv {} "$building/whole/" \;
find "$building/unpacked" -name 'configfs.ko.xz' -exec sh -c 'xz -dc "$1" >"$2"' _ {} "$building/whole/configfs.ko" \;

# The simulator needs simulated interrupts, which this kernel does not contain. Here they become part of the module. The
# functions that they call are exported under other names.
dpkg-deb --fsys-tarfile "$building/packages/$source"_*.deb | tar -xO "./usr/src/$source.tar.xz" | xz -dc -T 0 |
  tar -x -C "$building/module" --strip-components=3 \
    "$source"/drivers/gpio/{gpio-sim.c,gpiolib.h} "$source/kernel/irq/irq_sim.c" 2>>"$log" ||
  failed "$source lacks a file of the simulator"
(
  cd "$building/module"
  mv gpio-sim.c simulator.c
  sed -i -e '/^EXPORT_SYMBOL/d' -e 's/irq_to_desc(\([^)]*\))/irq_data_to_desc(irq_get_irq_data(\1))/' irq_sim.c
  printf '%s\n' 'obj-m := gpio-sim.o' 'gpio-sim-y := simulator.o irq_sim.o' 'ccflags-y += -I$(src)' >Makefile
  make -C "$headers" M="$PWD" modules
  strip --strip-debug gpio-sim.ko
) >>"$log" 2>&1 || failed 'the module gpio-sim does not compile'
mv "$building/module/gpio-sim.ko" "$building/whole/"

whole "$building/whole" || failed 'a part is missing'
# Moves the folder in one step, so that no other run finds a part of it. If another run was first, its folder stays. A broken folder is replaced.
whole "$kernel" || { rm -rf "$kernel" && mv -T "$building/whole" "$kernel"; } || whole "$kernel" || failed 'it could not be put in place'
printf '%s\n' "$kernel"
