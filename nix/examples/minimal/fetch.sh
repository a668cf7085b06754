#!/bin/sh
# Unpacks what the minimal image is made of into DIR, from Debian's packages:
#   DIR/linux/bzImage    the cloud kernel
#   DIR/boot/busybox     the static busybox
#   DIR/boot/modules/    the kernel modules, and `load`: their names in the order to insert them
#   DIR/store-modules/   the modules that an initrd mounts a store with, and `load`
#   DIR/manifest         the versions
# Needs no root. Uses an installed package where there is one, else apt-get download.
set -eu

fail() {
  echo "fetch.sh: $1" >&2
  echo "Try: $2" >&2
  exit 1
}

[ $# -eq 1 ] || fail "expected one argument, the folder to fill" "sh fetch.sh ./debian"
case "$1" in /*) target=$1 ;; *) target=$PWD/$1 ;; esac
if [ -f "$target/manifest" ]; then
  exit 0 # The manifest is written last and the folder is renamed into place: it is whole.
fi
[ ! -e "$target" ] || fail "$target exists and is not a folder this script made" "remove it, or name another folder"
command -v dpkg-deb >/dev/null || fail "dpkg-deb is not there: this needs Debian's tools" "run it on Debian, and copy the folder"
[ "$(dpkg --print-architecture)" = amd64 ] || fail "only amd64 is supported" "run it on an amd64 machine, and copy the folder"

mkdir -p "$(dirname "$target")" && work=$(mktemp -d "$(dirname "$target")/.fetch.XXXXXX") ||
  fail "cannot write in $(dirname "$target")" "name a folder that you may write"
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

# download PACKAGE: unpacks it below $work/PACKAGE.
download() {
  mkdir -p "$work/$1"
  if ! (cd "$work/$1" && apt-get download -q -o APT::Sandbox::User=root "$1" >"$work/log" 2>&1); then
    cat "$work/log" >&2
    fail "cannot download the package $1" "sudo apt-get update, or sudo apt-get install $1"
  fi
  dpkg-deb -x "$work/$1"/*.deb "$work/$1"
  rm "$work/$1"/*.deb
}

# version PACKAGE: the installed version, else the one that apt-get downloads.
version() {
  dpkg-query -W -f '${Version}' "$1" 2>/dev/null ||
    apt-cache show --no-all-versions "$1" | sed -n 's/^Version: //p'
}

installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# The kernel: the newest installed cloud image, else what Debian's meta package points to.
release=
for image in /boot/vmlinuz-*-cloud-amd64; do
  candidate=${image#/boot/vmlinuz-}
  if [ -r "$image" ] && [ -d "/lib/modules/$candidate/kernel" ]; then release=$candidate; fi
done
root=
if [ -z "$release" ]; then
  package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1)
  [ -n "$package" ] || fail "apt knows no package linux-image-cloud-amd64" "sudo apt-get update"
  download "$package"
  root=$work/$package
  release=${package#linux-image-}
fi
kernel_package=linux-image-$release

# busybox has to be the static one: it is all there is in the guest.
if installed busybox-static; then
  busybox=$(command -v busybox)
  [ -x /bin/busybox ] && busybox=/bin/busybox
else
  download busybox-static
  busybox=$work/busybox-static/bin/busybox
  [ -x "$busybox" ] || busybox=$work/busybox-static/usr/bin/busybox
fi

out=$work/out
mkdir -p "$out/linux" "$out/boot"
cp "$root/boot/vmlinuz-$release" "$out/linux/bzImage"
cp "$busybox" "$out/boot/busybox"

# modules DIR NAME...: copies kernel modules and lists them in DIR/load, in the order to insert them: each after what it needs.
modules() {
  dir=$1
  shift
  mkdir -p "$dir"
  for module in "$@"; do
    file=$(find "$root/lib/modules/$release/kernel" -name "$module.ko*" | head -n 1)
    case "$file" in
    *.ko) cp "$file" "$dir/$module.ko" ;;
    *.ko.xz) xz -dc "$file" >"$dir/$module.ko" ;;
    *.ko.zst) zstd -qdc "$file" >"$dir/$module.ko" ;;
    *) fail "the package $kernel_package has no module $module" "use the cloud kernel of Debian 12 or 13" ;;
    esac
    echo "$module.ko" >>"$dir/load"
  done
}

modules "$out/boot/modules" virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci \
  failover net_failover virtio_net virtio_blk virtio-rng virtio_console button evdev
modules "$out/store-modules" libcrc32c erofs squashfs fuse virtiofs overlay

{
  echo "$kernel_package $(version "$kernel_package")"
  echo "busybox-static $(version busybox-static)"
} >"$out/manifest"
find "$out" -type d -exec chmod 755 {} +
find "$out" -type f -exec chmod 644 {} +
chmod 755 "$out/boot/busybox"
# Another run may have been faster; its folder is as good.
mv -T "$out" "$target" 2>/dev/null || [ -f "$target/manifest" ] || fail "cannot write $target" "check the permissions and the free space"
