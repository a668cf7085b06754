# A nixpkgs for tests that build and boot: its builder is this machine's bash, its interpreters are copies of Debian's,
# its NixOS is busybox that starts the services of a system's modules. Beside it lie `debian/` (kernel and busybox),
# `tools/` (interpreters with their libraries) and `procurator/` (nix/lib).
#
# Builders see this machine's /usr: the store they build in is given it as a sandbox path.
{
  outputs = { self }:
    let
      inherit (builtins) attrNames concatStringsSep filter foldl' isAttrs isFunction isList isPath listToAttrs map mapAttrs
        replaceStrings;
      procurator = import ./procurator;
      system = "x86_64-linux";

      merge = a: b: a // mapAttrs (key: value:
        if a ? ${key} && isAttrs a.${key} && isAttrs value then merge a.${key} value
        else if a ? ${key} && isList a.${key} && isList value then a.${key} ++ value
        else value) b;

      # Runs the phases that a builder was given, as nixpkgs' stdenv does.
      mkDerivation = given:
        let
          arguments = removeAttrs given [ "passthru" "meta" "nativeBuildInputs" "buildInputs" "nativeCheckInputs" ];
          words = concatStringsSep ":" (map (input: "${input}/bin") given.nativeBuildInputs);
        in derivation ({ buildPhase = ""; checkPhase = ""; } // arguments // {
          name = given.name or "${given.pname}-${given.version}";
          inherit system;
          builder = "/usr/bin/bash";
          doCheck = if given.doCheck or false then "1" else "";
          args = [ "-c" ''
            set -eu
            export PATH=${words}:/usr/bin
            # The guest has no libraries but those of interpreters.
            export CC=gcc LDFLAGS=-static CGO_ENABLED=0
            runHook() { :; }
            cp -R --no-preserve=mode "$src" source
            cd source
            eval "$buildPhase"
            if [ -n "$doCheck" ]; then eval "$checkPhase"; fi
            eval "$installPhase"
            exit
          '' ];
        }) // given.passthru or { } // { overrideAttrs = change: mkDerivation (given // change given); };

      writeText = name: text: builtins.toFile name (builtins.unsafeDiscardStringContext text);
      writeShellScript = name: text: derivation {
        inherit name system text;
        passAsFile = [ "text" ];
        builder = "/usr/bin/bash";
        # Nix kills a builder whose output is closed: bash holds it until it ends, chmod in its place would not.
        args = [ "-c" "{ echo '#!/bin/sh'; /usr/bin/cat $textPath; } >$out; /usr/bin/chmod 755 $out; exit" ];
      };

      tool = name: builtins.path { inherit name; path = ./tools + "/${name}"; };
      node = tool "node";
      python = { outPath = tool "python"; withPackages = _: tool "python"; };
      # What the machine itself has while building, and no guest needs.
      none = builtins.path { name = "none"; path = ./tools/none; };
      named = names: value: listToAttrs (map (name: { inherit name value; }) names);

      lib = {
        fakeHash = "";
        genAttrs = names: make: listToAttrs (map (name: { inherit name; value = make name; }) names);
        escapeShellArg = text: "'${replaceStrings [ "'" ] [ "'\\''" ] (toString text)}'";
        makeBinPath = paths: concatStringsSep ":" (map (path: "${path}/bin") paths);
        makeLibraryPath = paths: concatStringsSep ":" (map (path: "${path}/lib") paths);
        hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
        removePrefix = prefix: text:
          if lib.hasPrefix prefix text then builtins.substring (builtins.stringLength prefix) (-1) text else text;
        fetchers.proxyImpureEnvVars = [ ];
        optionalAttrs = condition: set: if condition then set else { };
        mkForce = value: value;
        nixosSystem = { modules, ... }:
          let
            load = module: if isPath module then load (import module)
              else if isFunction module then module { inherit lib pkgs config; }
              else module;
            config = foldl' merge { } (map load modules);
            services = config.systemd.services;
            started = filter (name: builtins.elem "multi-user.target" (services.${name}.wantedBy or [ ])) (attrNames services);
            start = name:
              let inherit (services.${name}) environment serviceConfig;
              in ''
                mkdir -p ${environment.HOME}
                (
                  ${concatStringsSep "\n" (map (key: "export ${key}=${lib.escapeShellArg environment.${key}}") (attrNames environment))}
                  exec ${serviceConfig.ExecStart}
                ) </dev/null &
              '';
            image = procurator.mkStoreImage {
              debian = ./debian;
              name = config.networking.hostName;
              page = "";
              extra = concatStringsSep "\n" (map start started);
            };
          in {
            config.system = {
              boot.loader = { kernelFile = "bzImage"; initrdFile = "initrd"; };
              build = {
                toplevel = image;
                kernel = dirOf image.image.kernelPath;
                initialRamdisk = dirOf image.image.initrdPath;
              };
            };
          };
      };

      pkgs = named [ "nodejs_20" "nodejs_22" "nodejs_24" ] node
        // named [ "python39" "python310" "python311" "python312" "python313" ] python
        // named [ "gcc" "gnumake" "busybox" "cacert" ] none
        // {
          inherit lib writeText writeShellScript;
          stdenv.mkDerivation = mkDerivation;
          stdenvNoCC.mkDerivation = mkDerivation;
          mkShell = { packages }: mkDerivation { pname = "shell"; version = "0"; nativeBuildInputs = packages; };
        };
    in
    {
      inherit lib;
      legacyPackages = lib.genAttrs [ system "aarch64-linux" ] (_: pkgs);
    };
}
