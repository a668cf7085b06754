# A NixOS module: a guest whose system is read from the store that its worker shows it (`image.root = "store"`), as
# nix/README.md describes it. What else it writes is in memory, but for its volumes.
{ ... }:
{
  boot.loader.grub.enable = false;
  boot.initrd.kernelModules = [ "virtio_pci" "virtio_blk" "virtio_net" "fuse" "virtiofs" "erofs" "squashfs" ];
  # The store is not known before the command line is read: no line of fileSystems could say it.
  boot.initrd.systemd.enable = false;
  boot.initrd.postMountCommands = ''
    kind=
    for word in $(cat /proc/cmdline); do
      case $word in procurator.store=*) kind=''${word#*=} ;; esac
    done
    mkdir -p $targetRoot/nix/store
    case $kind in
    virtiofs) mount -t virtiofs -o ro nix-store $targetRoot/nix/store ;;
    *)
      for disk in /sys/block/vd*; do
        [ "$(cat $disk/serial)" = nix-store ] || continue
        mount -t "$kind" -o ro /dev/''${disk##*/} $targetRoot/nix/store
      done
      ;;
    esac
  '';
  fileSystems."/" = {
    device = "none";
    fsType = "tmpfs";
    options = [ "mode=0755" ];
  };
  networking.useDHCP = true;
  # Others are found by their bare names.
  networking.resolvconf.enable = true;
  system.stateVersion = "25.05";
  # Nothing is built inside, and nobody reads its manual.
  nix.enable = false;
  documentation.enable = false;
}
