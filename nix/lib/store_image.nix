# The smallest image whose system is read from a store (`image.root = "store"`), and the initrd of such guests:
# busybox on Debian's cloud kernel. No nixpkgs, no network, bit-reproducible. NixOS guests bring an initrd of their
# own; what it has to do is in README.md ("A root in the store").
#
#   mkStoreImage { debian = ./debian; page = "hello"; }
#
# debian   the folder that examples/minimal/fetch.sh fills
# page     what GET / answers
# extra    lines of shell that run before the page is served
# onSwitch lines of shell that run at the end of a switch to it; what they end with is how the switch ends
# healthy  false: GET /healthz is not found, and the ready line never comes
# name     names the store path and the guest's host name
#
# Gives the derivation (init, root/, bin/switch-to-configuration), with `image`: what a VM's `image` key takes. The
# initrd is a store path of its own, the same one for all such images: a commit that changes the page adds a few KB,
# and changes user space only.
{ debian, page, name ? "store", extra ? "", onSwitch ? "", healthy ? true, cmdline ? "", system ? "x86_64-linux" }:
let
  # By content: the same folder in the next commit is the same store path.
  linux = builtins.path { name = "procurator-linux"; path = debian + "/linux"; };
  boot = builtins.path { name = "procurator-boot"; path = debian + "/boot"; };
  agent = builtins.path { name = "procurator-agent.sh"; path = ./agent.sh; };
  storeModules = builtins.path { name = "procurator-store-modules"; path = debian + "/store-modules"; };

  # Process 1 of the initrd: modules, the store, a writable root over what the image brings, then the image's init.
  initrdInit = ''
    #!/bin/busybox sh
    export PATH=/bin
    /bin/busybox mkdir -p /proc /sys /dev /run /sysroot /overlay
    /bin/busybox --install -s /bin
    mount -t proc proc /proc
    mount -t sysfs sys /sys
    mount -t devtmpfs dev /dev 2>/dev/null
    exec </dev/console >/dev/console 2>&1

    # A kernel that panics ends the VM, and the worker says so.
    fail() {
      echo "procurator: $1"
      exec sleep 5
    }

    while read -r module; do
      insmod "/modules/$module" || echo "procurator: cannot insert $module"
    done </modules/load

    # The last word of each counts: the worker's stand at the end.
    store= init=
    for word in $(cat /proc/cmdline); do
      case "$word" in
      procurator.store=*) store=''${word#*=} ;;
      init=*) init=''${word#*=} ;;
      esac
    done
    [ -n "$init" ] || fail "init= is not on the command line"

    # The disk is known by its serial; which letter it gets depends on what else there is.
    mkdir -p /overlay/store
    case "$store" in
    virtiofs) mount -t virtiofs -o ro nix-store /overlay/store || fail "cannot mount the store by virtiofs" ;;
    erofs | squashfs)
      device=
      for disk in /sys/block/vd*; do
        if [ "$(cat "$disk/serial")" = nix-store ]; then device=/dev/''${disk##*/}; fi
      done
      [ -n "$device" ] || fail "there is no disk with the serial nix-store"
      mount -t "$store" -o ro "$device" /overlay/store || fail "cannot mount the store by $store"
      ;;
    *) fail "procurator.store= must be virtiofs, erofs or squashfs" ;;
    esac

    # What the image brings as /, below what the guest writes and loses at its end.
    top=/overlay/store/''${init#/nix/store/}
    top=''${top%/*}
    mkdir -p /overlay/rw
    mount -t tmpfs -o mode=755 root /overlay/rw
    mkdir /overlay/rw/upper /overlay/rw/work /overlay/empty
    lower=/overlay/empty
    if [ -d "$top/root" ]; then lower=$top/root; fi
    mount -t overlay -o "lowerdir=$lower,upperdir=/overlay/rw/upper,workdir=/overlay/rw/work" root /sysroot ||
      fail "cannot lay the writable root over the image's"
    mkdir -p /sysroot/nix/store /sysroot/proc /sysroot/sys /sysroot/dev /sysroot/run /sysroot/tmp
    mount --move /overlay/store /sysroot/nix/store
    mount --move /dev /sysroot/dev
    mount --move /sys /sysroot/sys
    mount --move /proc /sysroot/proc
    exec switch_root -c /dev/console /sysroot "$init"
  '';

  init = ''
    #!${boot}/busybox sh
    # The guest's process 1, read from its store: network, page.
    export PATH=/bin
    ${boot}/busybox mkdir -p /bin /run /tmp /root
    ${boot}/busybox --install -s /bin
    hostname ${name}

    # ACPI power-off: the button's event runs /etc/acpi/power.
    acpid -c /etc/acpi -l /dev/null -p /run/acpid.pid

    # The worker's way in; a worker without one gives the guest no port, and the agent ends.
    (until sh ${agent} org.procurator.channel; [ $? -eq 3 ]; do sleep 1; done) &

    ip link set lo up
    ip link set eth0 up
    udhcpc -i eth0 -t 10 -T 1 -b -S -s /etc/udhcpc >/dev/null 2>&1

    ${extra}
    httpd -h /www || echo "procurator: cannot start httpd"
    ${if healthy then ''echo "procurator: ready"'' else ''echo "procurator: built to stay unhealthy"''}

    # Process 1 reaps what dies, and must not end.
    while :; do sleep 86400 & wait; done
  '';

  # Makes a guest that runs another such image into this one.
  switchToConfiguration = ''
    #!${boot}/busybox sh
    export PATH=/bin
    set -eu
    top=''${0%/bin/*}
    [ "$1" = test ] || { echo "cannot do $1: only test" >&2; exit 1; }
    [ -e "$top/root/www/healthz" ] || rm -f /www/healthz
    cp -R "$top/root/." /
    ln -sfn "$top" /run/current-system
    ${onSwitch}
  '';

  udhcpc = ''
    #!/bin/sh
    # What udhcpc runs when a lease is bound, renewed or lost.
    case "$1" in
    deconfig) ip addr flush dev "$interface" ;;
    bound | renew)
      ip addr flush dev "$interface"
      ip addr add "$ip/$mask" dev "$interface"
      for gateway in $router; do ip route add default via "$gateway" dev "$interface"; break; done
      # Peers are found by their bare names.
      echo "search $domain" >/etc/resolv.conf
      for server in $dns; do echo "nameserver $server" >>/etc/resolv.conf; done
      ;;
    esac
  '';

  tools = ''
    set -eu
    export PATH=$TMPDIR/bin
    $boot/busybox mkdir -p "$PATH"
    $boot/busybox --install -s "$PATH"
  '';

  initrd = derivation {
    name = "procurator-store-initrd";
    inherit system boot storeModules initrdInit;
    builder = "${boot}/busybox";
    args = [ "sh" "-c" ''
      ${tools}
      root=$TMPDIR/root
      mkdir -p $root/bin $root/modules
      cp $boot/busybox $root/bin/busybox
      cp $boot/modules/*.ko $storeModules/*.ko $root/modules/
      cat $boot/modules/load $storeModules/load >$root/modules/load
      cp "$initrdInitPath" $root/init
      find $root -type d -exec chmod 755 {} +
      find $root -type f -exec chmod 644 {} +
      chmod 755 $root/init $root/bin/busybox

      # Reproducible: sorted names, one time stamp, root's, inodes counted from one.
      find $root -exec touch -h -d @1 {} +
      mkdir $out
      cd $root
      find . -mindepth 1 | sort | cpio -o -H newc -R 0:0 --renumber-inodes --ignore-devno > $out/initrd 2>/dev/null
    '' ];
    passAsFile = [ "initrdInit" ];
    preferLocalBuild = true;
  };

  toplevel = derivation {
    name = "procurator-store-${name}";
    inherit system boot page init switchToConfiguration udhcpc;
    builder = "${boot}/busybox";
    args = [ "sh" "-c" ''
      ${tools}
      root=$out/root
      mkdir -p $root/etc/acpi/PWRF $root/www $out/bin
      cp "$initPath" $out/init
      cp "$switchToConfigurationPath" $out/bin/switch-to-configuration
      cp "$udhcpcPath" $root/etc/udhcpc
      cp "$pagePath" $root/www/index.html
      [ -z "$healthy" ] || echo ok > $root/www/healthz
      printf '#!/bin/sh\npoweroff -f\n' > $root/etc/acpi/PWRF/00000080
      chmod 755 $out/init $out/bin/switch-to-configuration $root/etc/udhcpc $root/etc/acpi/PWRF/00000080
    '' ];
    passAsFile = [ "page" "init" "switchToConfiguration" "udhcpc" ];
    healthy = if healthy then "1" else "";
    preferLocalBuild = true;
  };
in
toplevel // {
  image = {
    toplevel = "${toplevel}";
    kernelPath = "${linux}/bzImage";
    initrdPath = "${initrd}/initrd";
    root = "store";
    cmdline = "console=ttyS0 quiet panic=-1 init=${toplevel}/init" + (if cmdline == "" then "" else " ${cmdline}");
  };
}
