# A nixpkgs for tests that evaluate flakes: its functions keep what they were given, its packages are names. It has
# what known.nix says that nixpkgs has, and nothing else.
#
#   import ./default.nix { attributes = [ "nodejs_20" "python3Packages.pip" ]; }
#
# attributes   paths below pkgs that are packages beside those; another one is an error, as in nixpkgs
# A package or a system has `recorded`: what it was made from, as plain values.
{ attributes ? [ ] }:
let
  known = import ./known.nix;
  inherit (builtins) attrNames concatMap elem filter foldl' functionArgs hashString head isAttrs isFunction isList isPath isString
    listToAttrs map mapAttrs match replaceStrings split substring tail toJSON;

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
      overrideAttrs = change: made kind (given // change given);
    };

  # What stdenv.mkDerivation reads itself, whoever it is called by. Names in capitals are variables of the build.
  common = [
    "pname" "version" "src" "name" "nativeBuildInputs" "buildInputs" "nativeCheckInputs" "doCheck" "meta" "passthru"
    "dontConfigure" "dontFixup" "dontUnpack" "dontPatchShebangs" "dontCheckForBrokenSymlinks" "configurePhase" "buildPhase"
    "checkPhase" "installPhase" "env" "preBuild" "preInstall" "postInstall" "impureEnvVars" "outputHash" "outputHashMode"
  ];
  takes = kind: allowed: given:
    let strangers = filter (name: !(elem name allowed || match "[A-Z][A-Z0-9_]*" name != null)) (attrNames given);
    in if strangers == [ ] then made kind given
    else throw "${kind} takes no ${head strangers}, as far as known.nix knows";
  # A builder on top of mkDerivation, and a function with arguments of its own alone.
  builder = kind: takes kind (common ++ known.builders.${kind});
  function = kind: takes kind known.builders.${kind};

  package = path: made "package" { name = replaceStrings [ "." ] [ "-" ] path; } // {
    # What packages have below themselves.
    withPackages = choose: made "withPackages" { name = "with"; packages = choose pythonPackages; };
  };
  hook = made "hook" { name = "hook"; };
  pythonPackages = listToAttrs (map (name: { inherit name; value = made "package" { inherit name; }; })
    [ "flask" "django" "fastapi" "uvicorn" "gunicorn" "psycopg2" "requests" "redis" "celery" "starlette" "pytest" ]);
  haskellPackages.callCabal2nix = name: src: given: made "callCabal2nix" (given // { inherit name src; });

  # An option that no module declares is an error there, too.
  declared = path: tree: config:
    if !isAttrs tree then [ ]
    else concatMap
      (key:
        let at = tree.${key} or tree."*" or null;
        in if at == null then [ "${path}${key}" ]
        else if isAttrs at && isAttrs config.${key} && !(config.${key} ? outPath)
        then declared "${path}${key}." at config.${key}
        else [ ])
      (attrNames config);
  checked = config:
    let strangers = declared "" known.options config;
    in if strangers == [ ] then config
    else throw "NixOS has no option ${head strangers}, as far as known.nix knows";

  merge = a: b:
    a // mapAttrs (key: value:
      if a ? ${key} && isAttrs a.${key} && isAttrs value && !(value ? outPath)
      then merge a.${key} value
      else if a ? ${key} && isList a.${key} && isList value then a.${key} ++ value
      else value) b;
  words = path: filter isString (split "[.]" path);
  at = keys: value: if keys == [ ] then value else { ${head keys} = at (tail keys) value; };
  packages = foldl' merge { } (map (path: at (words path) (package path)) (concatMap (group: known.packages.${group})
    (attrNames known.packages) ++ attributes));

  lib = {
    fakeHash = "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    genAttrs = names: make: listToAttrs (map (name: { inherit name; value = make name; }) names);
    escapeShellArg = text: "'${replaceStrings [ "'" ] [ "'\\''" ] (toString text)}'";
    makeBinPath = paths: builtins.concatStringsSep ":" (map (path: "${path}/bin") paths);
    makeLibraryPath = paths: builtins.concatStringsSep ":" (map (path: "${path}/lib") paths);
    hasPrefix = prefix: text: substring 0 (builtins.stringLength prefix) text == prefix;
    removePrefix = prefix: text:
      if lib.hasPrefix prefix text then substring (builtins.stringLength prefix) (-1) text else text;
    toLower = text: text;
    fetchers.proxyImpureEnvVars = [ "https_proxy" ];
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
        checkedConfig = checked config;
        recorded = plain checkedConfig;
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
    stdenv.mkDerivation = builder "mkDerivation";
    stdenvNoCC.mkDerivation = builder "mkDerivation";
    swiftPackages.stdenv.mkDerivation = builder "mkDerivation";
    buildNpmPackage = builder "buildNpmPackage";
    buildGoModule.override = { go }: builder "buildGoModule";
    buildDartApplication = builder "buildDartApplication";
    buildDotnetModule = builder "buildDotnetModule";
    rustPlatform = { buildRustPackage = builder "buildRustPackage"; bindgenHook = hook; };
    beamPackages = { mixRelease = builder "mixRelease"; fetchMixDeps = function "fetchMixDeps"; fetchHex = function "fetchHex"; };
    fetchYarnDeps = function "fetchYarnDeps";
    yarnConfigHook = hook;
    # Of 25.05, where they are below pnpm; see nix/autonix/pnpm.nix.
    pnpm_8 = package "pnpm_8" // { fetchDeps = function "fetchPnpmDeps"; configHook = hook; };
    pnpm_9 = package "pnpm_9" // { fetchDeps = function "fetchPnpmDeps"; configHook = hook; };
    pnpm_10 = package "pnpm_10" // { fetchDeps = function "fetchPnpmDeps"; configHook = hook; };
    yarn-berry_3 = package "yarn-berry_3" // { fetchYarnBerryDeps = function "fetchYarnBerryDeps"; yarnBerryConfigHook = hook; };
    yarn-berry_4 = package "yarn-berry_4" // { fetchYarnBerryDeps = function "fetchYarnBerryDeps"; yarnBerryConfigHook = hook; };
    importNpmLock = {
      __functor = _: function "importNpmLock";
      npmConfigHook = hook;
    };
    inherit haskellPackages;
    haskell = {
      lib.compose.dontCheck = given: made "dontCheck" { name = given.name; inherit given; };
      packages = { ghc948 = haskellPackages; ghc967 = haskellPackages; };
    };
    ocamlPackages = listToAttrs (map (name: { inherit name; value = package name; }) [ "alcotest" "dream" "lwt" "yojson" ]);
    php81.packages.composer = package "composer";
    php82.packages.composer = package "composer";
    php83.packages.composer = package "composer";
    php84.packages.composer = package "composer";
    swiftpm2nix.helpers = _: { configure = "configure"; };
    # Of stdenv itself; see pkgs/build-support/trivial-builders.
    mkShell = made "mkShell";
    writeText = name: text: made "writeText" { inherit name text; };
    writeShellScript = name: text: made "writeShellScript" { inherit name text; };
  };
in
{
  inherit lib;
  legacyPackages = lib.genAttrs [ "x86_64-linux" "aarch64-linux" ] (_: pkgs);
}
