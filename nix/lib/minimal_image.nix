# The smallest image that shows the whole way of a commit: Debian's cloud kernel, an initramfs of busybox,
# a page over HTTP on port 80. No nixpkgs, no network, bit-reproducible.
#
#   mkMinimalImage { debian = ./debian; page = "hello"; }
#
# debian   the folder that examples/minimal/fetch.sh fills
# page     what GET / answers
# healthy  false: GET /healthz is not found, and the ready line never comes
# name     names the store path and the guest's host name
#
# Gives the derivation (init, initrd, kernel), with `image`: what a VM's `image` key takes. The kernel and the
# tools are store paths of their own, so that a commit that changes the page adds only an initrd of 3 MB.
{ debian, page, name ? "minimal", healthy ? true, cmdline ? "", system ? "x86_64-linux" }:
let
  # By content: the same folder in the next commit is the same store path.
  linux = builtins.path { name = "procurator-linux"; path = debian + "/linux"; };
  boot = builtins.path { name = "procurator-boot"; path = debian + "/boot"; };
  agent = builtins.path { name = "procurator-agent.sh"; path = ./agent.sh; };

  init = ''
    #!/bin/busybox sh
    # The guest's process 1: devices, modules, network, page.
    export PATH=/bin
    /bin/busybox mkdir -p /proc /sys /dev /run /tmp
    /bin/busybox --install -s /bin
    mount -t proc proc /proc
    mount -t sysfs sys /sys
    mount -t devtmpfs dev /dev 2>/dev/null
    exec </dev/console >/dev/console 2>&1
    hostname ${name}
    while read -r module; do
      insmod "/modules/$module" || echo "procurator: cannot insert $module"
    done </modules/load

    # ACPI power-off: the button's event runs /etc/acpi/power.
    acpid -c /etc/acpi -l /dev/null -p /run/acpid.pid

    # The worker's way in; a worker without one gives the guest no port, and the agent ends.
    (until sh /etc/procurator-agent org.procurator.channel; [ $? -eq 3 ]; do sleep 1; done) &

    ip link set lo up
    ip link set eth0 up
    udhcpc -i eth0 -t 10 -T 1 -b -S -s /etc/udhcpc >/dev/null 2>&1

    httpd -h /www || echo "procurator: cannot start httpd"
    ${if healthy then ''echo "procurator: ready"'' else ''echo "procurator: built to stay unhealthy"''}

    # Process 1 reaps what dies, and must not end.
    while :; do sleep 86400 & wait; done
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

  build = ''
    set -eu
    export PATH=$TMPDIR/bin
    $boot/busybox mkdir -p "$PATH"
    $boot/busybox --install -s "$PATH"

    root=$TMPDIR/root
    mkdir -p $root/bin $root/etc/acpi/PWRF $root/modules $root/www $root/proc $root/sys $root/dev $root/run $root/tmp $root/root
    cp $boot/busybox $root/bin/busybox
    cp $boot/modules/* $root/modules/
    cp "$initPath" $root/init
    cp "$udhcpcPath" $root/etc/udhcpc
    cp $agent $root/etc/procurator-agent
    cp "$pagePath" $root/www/index.html
    [ -z "$healthy" ] || echo ok > $root/www/healthz
    printf '#!/bin/sh\npoweroff -f\n' > $root/etc/acpi/PWRF/00000080
    find $root -type d -exec chmod 755 {} +
    find $root -type f -exec chmod 644 {} +
    chmod 755 $root/init $root/bin/busybox $root/etc/udhcpc $root/etc/acpi/PWRF/00000080

    # Reproducible: sorted names, one time stamp, root's, inodes counted from one.
    find $root -exec touch -h -d @1 {} +
    mkdir $out
    cd $root
    find . -mindepth 1 | sort | cpio -o -H newc -R 0:0 --renumber-inodes --ignore-devno > $out/initrd 2>/dev/null
    cp "$initPath" $out/init
    chmod 755 $out/init
    ln -s $linux/bzImage $out/kernel
  '';

  toplevel = derivation {
    name = "procurator-minimal-${name}";
    inherit system boot linux agent page init udhcpc;
    builder = "${boot}/busybox";
    args = [ "sh" "-c" build ];
    passAsFile = [ "page" "init" "udhcpc" ];
    healthy = if healthy then "1" else "";
    preferLocalBuild = true;
  };
in
toplevel // {
  image = {
    toplevel = "${toplevel}";
    kernelPath = "${linux}/bzImage";
    initrdPath = "${toplevel}/initrd";
    cmdline = "console=ttyS0 quiet panic=-1" + (if cmdline == "" then "" else " ${cmdline}");
  };
}
