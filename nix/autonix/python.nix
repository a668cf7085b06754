# The dependencies that a Python project declares, as nixpkgs has them: by name, since nixpkgs has one version of each.
# Nothing is fetched, so there is no hash to fill in.
#
#   pythonPackages { python = pkgs.python312; project = ./.; extra = [ "gunicorn" ]; } -> python with them
#
# Read are requirements.txt and what it takes in (`-r base.txt`), pyproject.toml (PEP 621, poetry) and Pipfile, but for
# those that `broken` names.
{ python, project, extra ? [ ], broken ? [ ] }:
let
  inherit (builtins) attrNames concatMap elem elemAt filter fromTOML isAttrs isList isString match pathExists readFile
    replaceStrings split;

  upper = [ "A" "B" "C" "D" "E" "F" "G" "H" "I" "J" "K" "L" "M" "N" "O" "P" "Q" "R" "S" "T" "U" "V" "W" "X" "Y" "Z" ];
  lower = [ "a" "b" "c" "d" "e" "f" "g" "h" "i" "j" "k" "l" "m" "n" "o" "p" "q" "r" "s" "t" "u" "v" "w" "x" "y" "z" ];
  # PEP 503.
  plain = name: replaceStrings (upper ++ [ "_" "." ]) (lower ++ [ "-" "-" ]) name;

  lines = text: filter isString (split "\r?\n" text);
  # The name in `requests[socks]>=2 ; python_version > "3"`; none in options, links and comments.
  nameOf = line:
    let found = match "[ \t]*([A-Za-z0-9][A-Za-z0-9._-]*).*" line;
    in if found == null || match ".*://.*" line != null then [ ] else [ (plain (elemAt found 0)) ];

  # Files that a line of requirements takes in, three deep: `requirements.txt` -> `requirements/prod.txt` -> `base.txt`.
  requirements = depth: directory: name:
    let
      path = "${directory}${name}";
      below = match "(.*/)[^/]*" path;
      all = lines (file path);
      taken = line:
        let found = match "[ \t]*(-r|--requirement)[ \t=]+([A-Za-z0-9_][A-Za-z0-9_./-]*)[ \t]*" line;
        in if found == null || depth == 0 then [ ]
        else requirements (depth - 1) (if below == null then "" else elemAt below 0) (elemAt found 1);
    in all ++ concatMap taken all;

  file = name: if pathExists (project + "/${name}") && !(elem name broken) then readFile (project + "/${name}") else "";
  toml = name: let text = file name; in if text == "" then { } else fromTOML text;
  list = value: if isList value then filter isString value else [ ];
  keys = value: if isAttrs value then attrNames value else [ ];

  pyproject = toml "pyproject.toml";
  poetry = pyproject.tool.poetry or { };
  declared = concatMap nameOf (
    requirements 3 "" "requirements.txt"
    ++ list (pyproject.project.dependencies or [ ])
    ++ keys (poetry.dependencies or { })
    ++ keys ((toml "Pipfile").packages or { })
    ++ extra
  );
  wanted = filter (name: name != "python") declared;

  # Several names of one package, of which nixpkgs has one.
  others = {
    bs4 = "beautifulsoup4";
    discord-py = "discordpy";
    faiss-cpu = "faiss";
    opencv-contrib-python = "opencv4";
    opencv-python = "opencv4";
    opencv-python-headless = "opencv4";
    psycopg-binary = "psycopg";
    psycopg2-binary = "psycopg2";
    sklearn = "scikit-learn";
    tensorflow-cpu = "tensorflow";
  };

  # What nixpkgs lacks is told and left out: a flake that does not evaluate helps nobody to find out.
  found = from: name:
    let
      other = others.${name} or name;
      package = from.${name} or from.${replaceStrings [ "-" ] [ "_" ] name} or from.${other} or null;
      # Some are marked as broken, or as not for this Python.
      isThere = package != null && (builtins.tryEval package.outPath).success;
    in if isThere then [ package ]
    else builtins.trace "procurator: nixpkgs has no Python package ${name} for this Python; it is left out" [ ];
in
python.withPackages (from: concatMap (found from) wanted)
