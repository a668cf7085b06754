# An application as a package: built in its directory as a person would, installed with all of that, and started
# there by `bin/NAME-start`.
#
# builder      a builder of nixpkgs, and `arguments` for it: where its dependencies come from
# directory    of the application below `source`; commands run there
# runtime      packages that commands find, while building and once started
# libraries    native libraries to build with
# environment  for commands, while building and once started
# build        null: nothing to build
# ownPhases    the builder builds and installs programs to bin/ by itself; what is installed beside them is the source
# ownBuild     the builder has a build phase that it cannot do without; `build` is not run
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
, runtime ? [ ]
, libraries ? [ ]
, environment ? { }
, build ? null
, start ? null
, test ? null
, testInputs ? [ ]
, testEnvironment ? { }
, testSetup ? ""
, ownPhases ? false
, ownBuild ? ownPhases
}:
let
  inherit (pkgs.lib) escapeShellArg makeBinPath optionalAttrs;

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
  phase = hook: command: ''
    runHook pre${hook}
    export HOME=''${NIX_BUILD_TOP:-$PWD}
    ${there command}
    runHook post${hook}
  '';

  starter = pkgs.writeShellScript "${name}-start" ''
    here=$(dirname "$(dirname "$(readlink -f "$0")")")
    export PATH=$here/bin:${makeBinPath runtime}''${PATH:+:$PATH}
    ${exports}
    cd "$here"/share/application/${escapeShellArg directory}
    ${if start == null then "" else start}
  '';
  install = ''
    mkdir -p "$out/bin" "$out/share/application"
    ${if ownPhases then ''cp -R --no-preserve=mode ${source}/. "$out/share/application"''
      else ''cp -R . "$out/share/application"''}
    ${if start == null then "" else ''cp ${starter} "$out/bin/${name}-start"''}
  '';

  common = arguments // {
    inherit version;
    pname = name;
    src = source;
    # Builds ask it where their libraries are.
    nativeBuildInputs = runtime ++ arguments.nativeBuildInputs or [ ]
      ++ (if libraries == [ ] then [ ] else [ pkgs.pkg-config ]);
    buildInputs = libraries ++ arguments.buildInputs or [ ];
    dontConfigure = arguments.dontConfigure or false;
  } // (if ownPhases then { postInstall = install; } else {
    installPhase = ''
      runHook preInstall
      ${install}
      runHook postInstall
    '';
  }) // (if ownBuild then { } else { buildPhase = phase "Build" build; });
in
builder (common // {
  doCheck = false;
  meta = { } // optionalAttrs (start != null) { mainProgram = "${name}-start"; };
  passthru.check = builder (common // {
    pname = "${name}-test";
    doCheck = true;
    nativeCheckInputs = testInputs;
    # Hooks of its inputs read what is exported.
    checkPhase = ''
      ${exported testEnvironment}
      ${testSetup}
      ${phase "Check" test}
    '';
  });
})
