# What a package manager fetches, as a derivation of its own: it may use the network, since what comes out has a known
# hash. The first build says which.
#
#   dependencies { inherit pkgs source hash; tools = [ pkgs.bun ]; command = "bun install"; folders = [ "node_modules" ]; }
#
# command   runs in `directory` of `source`
# folders   what of it is kept, below `source`, or below the home as `~/.m2`
# repository  true: what Gradle fetched becomes a Maven repository, which is the same wherever it was made
#
# -> `here/` and `home/`, which `application` copies to where they were.
{ pkgs, source, hash, tools, command, folders, directory ? ".", environment ? { }, repository ? false }:
let
  inherit (pkgs.lib) escapeShellArg hasPrefix removePrefix;

  exports = builtins.concatStringsSep "\n" (
    map (key: "export ${key}=${escapeShellArg environment.${key}}") (builtins.attrNames environment)
  );
  keep = folder:
    let
      isHome = hasPrefix "~/" folder;
      path = removePrefix "~/" folder;
      from = if isHome then ''"$HOME"'' else ''"$top"'';
      to = if isHome then "home" else "here";
    in ''
      if [ -e ${from}/${escapeShellArg path} ]; then
        mkdir -p "$out"/${to}/${escapeShellArg (dirOf "./${path}")}
        cp -R ${from}/${escapeShellArg path} "$out"/${to}/${escapeShellArg path}
      fi
    '';
in
pkgs.stdenvNoCC.mkDerivation {
  name = "dependencies";
  src = source;
  # Certificates.
  nativeBuildInputs = tools ++ [ pkgs.cacert ];
  dontConfigure = true;
  # Nothing of the store may be named in what has a known hash.
  dontFixup = true;
  dontPatchShebangs = true;
  buildPhase = ''
    top=$PWD
    export HOME=$NIX_BUILD_TOP/home
    mkdir -p "$HOME"
    export JAVA_TOOL_OPTIONS="-Duser.home=$HOME"
    ${exports}
    pushd ${escapeShellArg directory} >/dev/null
    ${command}
    popd >/dev/null
  '';
  installPhase = ''
    mkdir -p "$out"
    ${builtins.concatStringsSep "" (map keep folders)}
    ${if repository then ''
      mkdir -p "$out/home/.gradle/init.d"
      cp ${./offline.gradle} "$out/home/.gradle/init.d/offline.gradle"
      cd "$HOME/.gradle/caches/modules-2/files-2.1"
      find . -type f | while IFS=/ read -r _ group artifact version _ file; do
        install -Dm444 "$group/$artifact/$version"/*/"$file" -t "$out/home/.gradle-repository/''${group//.//}/$artifact/$version"
      done
    '' else ""}
    # When it was fetched, and by whom, is another each time.
    find "$out" -type f \( -name '*.lastUpdated' -o -name resolver-status.properties -o -name _remote.repositories \
      -o -path '*/.cache/coursier/*.lock' -o -path '*/.cache/coursier/*.checked' -o -path '*/.sbt/boot/*.lock' \
      -o -path '*/.ivy2/.sbt.ivy.lock' -o -path '*/.ivy2/*/ivydata-*.properties' \) -delete
  '';
  impureEnvVars = pkgs.lib.fetchers.proxyImpureEnvVars;
  outputHashMode = "recursive";
  outputHash = hash;
}
