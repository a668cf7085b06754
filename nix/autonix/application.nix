# An application as a package: built in its directory as a person would, installed with all of that, and started
# there by `bin/NAME-start`.
#
# builder      a builder of nixpkgs, and `arguments` for it: where its dependencies come from
# dependencies what else was fetched: `home/` of it is copied to the home of the build, `here/` over `source`
# keepsHome    the program finds `home/` by its user.home once started, too
# directory    of the application below `source`; commands run there
# compilers    packages that commands find while building: nothing of them is needed later
# runtime      packages that commands find, while building and once started
# libraries    native libraries to build with; their programs are found, and what is loaded by name
# environment  for commands, while building and once started
# writable     folders below `directory` that the program writes to: `runs` lays some of the VM's over them
# build        null: nothing to build
# ownPhases    the builder builds and installs programs to bin/ by itself; what is installed beside them is the source
# start, test  null: it has none. `test` is run by `check`, a package of its own, so that a failing test keeps nobody
#              from looking at what was built
# testInputs, testEnvironment, testSetup   what tests find beside the runtime: packages, variables, and lines of shell
#              that start services
{ pkgs
, name
, source
, version ? "0"
, directory ? "."
, builder ? pkgs.stdenv.mkDerivation
, arguments ? { }
, dependencies ? null
, keepsHome ? false
, compilers ? [ ]
, runtime ? [ ]
, libraries ? [ ]
, environment ? { }
, writable ? [ ]
, build ? null
, start ? null
, test ? null
, testInputs ? [ ]
, testEnvironment ? { }
, testSetup ? ""
, ownPhases ? false
}:
let
  inherit (pkgs.lib) escapeShellArg makeBinPath makeLibraryPath optionalAttrs;

  # A command may be several; each fails the phase.
  exported = variables: builtins.concatStringsSep "\n" (
    map (key: "export ${key}=${escapeShellArg variables.${key}}") (builtins.attrNames variables)
  );
  exports = exported environment;
  there = command: if command == null then "" else ''
    ${exports}
    pushd ${escapeShellArg directory} >/dev/null
    ${command}
    popd >/dev/null
  '';

  # Builders that have a home of their own keep it: what they told their manager is written there.
  home = ''
    if [ ! -w "''${HOME:-/}" ] || [ "''${HOME:-/}" = / ]; then
      export HOME=''${NIX_BUILD_TOP:-$PWD}/home
      mkdir -p "$HOME"
    fi
  '';
  # Java asks the password file where its home is, and not the environment.
  fetched = if dependencies == null then "" else ''
    if [ -d ${dependencies}/home ]; then
      cp -R ${dependencies}/home/. "$HOME"
      chmod -R u+w "$HOME"
      export JAVA_TOOL_OPTIONS="-Duser.home=$HOME"
    fi
    if [ -d ${dependencies}/here ]; then
      cp -R ${dependencies}/here/. .
      chmod -R u+w .
    fi
  '';
  # A builder has no /usr/bin/env.
  shebangs = "if type patchShebangs >/dev/null 2>&1; then patchShebangs --build . >/dev/null; fi";

  starter = pkgs.writeShellScript "${name}-start" ''
    here=$(dirname "$(dirname "$(readlink -f "$0")")")
    export PATH=$here/bin:${makeBinPath (runtime ++ libraries)}''${PATH:+:$PATH}
    ${if libraries == [ ] then "" else "export LD_LIBRARY_PATH=${makeLibraryPath libraries}"}
    ${if keepsHome && dependencies != null then "export JAVA_TOOL_OPTIONS=-Duser.home=${dependencies}/home" else ""}
    ${exports}
    cd "$here"/share/application/${escapeShellArg directory}
    ${if start == null then "" else start}
  '';
  # What nixpkgs' npm hook put in their place names each archive; the program needs none of them.
  unpatched = ''
    for file in package.json package-lock.json; do
      find . -name ".$file.orig" -not -path '*/node_modules/*' | while read -r path; do
        mv "$path" "$(dirname "$path")/$file"
      done
    done
    find . -path '*/node_modules/.package-lock.json' -delete
  '';
  install = ''
    ${if ownPhases then "" else unpatched}
    mkdir -p "$out/bin" "$out/share/application"
    ${if ownPhases then ''cp -R --no-preserve=mode ${source}/. "$out/share/application"''
      else ''cp -R . "$out/share/application"''}
    ${if start == null then "" else ''cp ${starter} "$out/bin/${name}-start"''}
    ${builtins.concatStringsSep "\n" (map (folder: ''mkdir -p "$out/share/application/"${escapeShellArg folder}'') folders)}
  '';
  # systemd takes paths as they are: without dots, and without letters that mean something to it.
  folders =
    if directory == "." then writable
    else if builtins.match "[A-Za-z0-9._/-]+" directory == null then [ ]
    else map (folder: "${directory}/${folder}") writable;

  # What installs itself by fetching a program would fail the build: nixpkgs has those.
  nothingMore = {
    CYPRESS_INSTALL_BINARY = "0";
    ELECTRON_SKIP_BINARY_DOWNLOAD = "1";
    PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD = "1";
    PUPPETEER_SKIP_DOWNLOAD = "1";
  };

  package = builder (nothingMore // arguments // {
    inherit version;
    pname = name;
    src = source;
    # Builds ask it where their libraries are. Programs of libraries (protoc) are run while building.
    nativeBuildInputs = compilers ++ runtime ++ libraries ++ arguments.nativeBuildInputs or [ ]
      ++ (if libraries == [ ] then [ ] else [ pkgs.pkg-config ]);
    buildInputs = libraries ++ arguments.buildInputs or [ ];
    dontConfigure = arguments.dontConfigure or false;
    doCheck = false;
    # Links that lead nowhere are the repository's own.
    dontCheckForBrokenSymlinks = true;
    meta = { } // optionalAttrs (start != null) { mainProgram = "${name}-start"; };
    passthru = arguments.passthru or { } // { inherit check folders; };
  } // (if ownPhases then { postInstall = install; } else {
    buildPhase = ''
      ${home}
      ${fetched}
      ${shebangs}
      runHook preBuild
      ${there build}
      runHook postBuild
    '';
    installPhase = ''
      runHook preInstall
      ${install}
      runHook postInstall
    '';
  }));

  # The same derivation, so that what was fetched for it is fetched once.
  check = package.overrideAttrs (_: {
    pname = "${name}-test";
    doCheck = true;
    nativeCheckInputs = testInputs;
    # Hooks of its inputs read what is exported.
    checkPhase = ''
      ${home}
      ${exported testEnvironment}
      ${testSetup}
      runHook preCheck
      ${there test}
      runHook postCheck
    '';
  });
in
package
