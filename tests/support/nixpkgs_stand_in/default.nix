# A nixpkgs for tests that evaluate flakes: its functions keep what they were given, its packages are names.
#
#   import ./default.nix { attributes = [ "nodejs_20" "python3Packages.pip" ]; }
#
# attributes   paths below pkgs that are packages; another one is an error, as in nixpkgs
# A package or a system has `recorded`: what it was made from, as plain values.
{ attributes }:
let
  inherit (builtins) attrNames concatMap elem filter foldl' functionArgs hashString head isAttrs isFunction isList isPath isString
    listToAttrs map mapAttrs replaceStrings split substring tail toJSON;

  # A store path of its own for each content, in Nix's alphabet.
  pathOf = name: content:
    "/nix/store/${replaceStrings [ "e" ] [ "z" ] (substring 0 32 (hashString "sha256" content))}-${name}";
  plain = value:
    if isFunction value then "function"
    else if isPath value then "path"
    else if isAttrs value then (if value ? outPath then value.outPath else mapAttrs (_: plain) value)
    else if isList value then map plain value
    else value;
  made = kind: given:
    let
      name = given.name or "${given.pname or "unnamed"}-${given.version or "0"}";
      recorded = plain (removeAttrs given [ "passthru" ]);
    in given.passthru or { } // {
      type = "derivation";
      inherit name recorded kind;
      outPath = pathOf name (toJSON recorded);
    };

  package = path: made "package" { name = replaceStrings [ "." ] [ "-" ] path; } // {
    # What packages have below themselves.
    withPackages = choose: made "withPackages" { name = "with"; packages = choose pythonPackages; };
    fetchDeps = made "fetchDeps";
    fetchYarnBerryDeps = made "fetchYarnBerryDeps";
    configHook = made "hook" { name = "hook"; };
    yarnBerryConfigHook = made "hook" { name = "hook"; };
    buildMavenPackage = made "buildMavenPackage";
    buildComposerProject2 = made "buildComposerProject2";
    client = made "package" { name = "${path}-client"; };
  };
  pythonPackages = listToAttrs (map (name: { inherit name; value = made "package" { inherit name; }; })
    [ "flask" "django" "fastapi" "uvicorn" "gunicorn" "psycopg2" "requests" "redis" "celery" "starlette" "pytest" ]);

  merge = a: b:
    a // mapAttrs (key: value:
      if a ? ${key} && isAttrs a.${key} && isAttrs value && !(value ? outPath) && !(a.${key} ? outPath)
      then merge a.${key} value
      else if a ? ${key} && isList a.${key} && isList value then a.${key} ++ value
      else value) b;
  words = path: filter isString (split "[.]" path);
  at = keys: value: if keys == [ ] then value else { ${head keys} = at (tail keys) value; };
  packages = foldl' merge { } (map (path: at (words path) (package path)) attributes);

  lib = {
    fakeHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    genAttrs = names: make: listToAttrs (map (name: { inherit name; value = make name; }) names);
    escapeShellArg = text: "'${replaceStrings [ "'" ] [ "'\\''" ] (toString text)}'";
    makeBinPath = paths: builtins.concatStringsSep ":" (map (path: "${path}/bin") paths);
    optionalAttrs = condition: set: if condition then set else { };
    getName = package: package.pname or package.name;
    mkForce = value: value;
    nixosSystem = { system, modules }:
      let
        config = foldl' merge { } (map (module:
          let value = if isFunction module then module { inherit lib pkgs config; } else if isPath module
            then (let loaded = import module; in if isFunction loaded then loaded { inherit lib pkgs config; } else loaded)
            else module;
          in value) modules);
        recorded = plain config;
        named = part: { outPath = pathOf part (toJSON recorded); };
      in {
        inherit recorded;
        config.system = {
          build = { toplevel = named "system"; kernel = named "linux"; initialRamdisk = named "initrd"; };
          boot.loader = { kernelFile = "bzImage"; initrdFile = "initrd"; };
        };
      };
  };

  pkgs = merge packages {
    inherit lib;
    stdenv.mkDerivation = made "mkDerivation";
    stdenvNoCC.mkDerivation = made "mkDerivation";
    buildNpmPackage = made "buildNpmPackage";
    buildGoModule = made "buildGoModule";
    buildDartApplication = made "buildDartApplication";
    buildDotnetModule = made "buildDotnetModule";
    bundlerEnv = made "bundlerEnv";
    rustPlatform.buildRustPackage = made "buildRustPackage";
    beamPackages.mixRelease = made "mixRelease";
    beamPackages.fetchMixDeps = made "fetchMixDeps";
    fetchYarnDeps = made "fetchYarnDeps";
    yarnConfigHook = made "hook" { name = "hook"; };
    importNpmLock = {
      __functor = _: made "importNpmLock";
      npmConfigHook = made "hook" { name = "hook"; };
    };
    maven = package "maven" // { buildMavenPackage = made "buildMavenPackage"; };
    mkShell = made "mkShell";
    busybox = package "busybox";
    pkg-config = package "pkg-config";
    writeText = name: text: made "writeText" { inherit name text; };
    writeShellScript = name: text: made "writeShellScript" { inherit name text; };
  };
in
{
  inherit lib;
  legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (_: pkgs);
}
