# Typed options without nixpkgs: the shapes a blueprint is made of.
#
# A type is { expects, check }: `expects` ends the sentence "must be ...", and `check path value` gives the list of
# what is wrong, each as "PATH: why". Nothing is thrown here, so that one evaluation names every mistake.
# The bounds of strings count code points, as roles/model/ does.
let
  inherit (builtins)
    attrNames concatLists concatMap concatStringsSep elem elemAt filter floor foldl' fromJSON genList
    head isAttrs isBool isFloat isInt isList isString length match replaceStrings sort stringLength
    substring toJSON typeOf unsafeDiscardStringContext;

  quote = text: toJSON (unsafeDiscardStringContext text);
  min = a: b: if a < b then a else b;

  # A value as an error shows it: short, and never a whole tree.
  show = value:
    if isString value then
      (if stringLength value > 60 then quote (substring 0 60 (unsafeDiscardStringContext value)) + " and more" else quote value)
    else if isInt value || isFloat value || isBool value || value == null then toJSON value
    else { list = "a list"; set = "an attribute set"; lambda = "a function"; path = "a path"; }.${typeOf value} or (typeOf value);

  wrong = type: path: value: [ "${path}: must be ${type.expects}, got ${show value}" ];

  # A type that is one test.
  simple = expects: test:
    let type = { inherit expects; check = path: value: if test value then [ ] else wrong type path value; };
    in type;

  # Code points of valid UTF-8: every byte that does not continue one.
  del = fromJSON ''"\u007f"'';
  leadOfTwo = substring 0 1 (fromJSON ''"\u00a0"'');
  codePoints = text:
    let
      bytes = genList (i: substring i 1 text) (stringLength text);
      continues = byte: byte > del && byte < leadOfTwo;
    in length (filter (byte: !continues byte) bytes);
  # Counting is slow, and a string never has more code points than bytes or fewer than a quarter of them.
  fits = max: text: stringLength text <= max || (stringLength text <= 4 * max && codePoints text <= max);

  holds = infix: text: replaceStrings [ infix ] [ "" ] text != text;

  # The distance between two words: insertions, removals and changes.
  distance = a: b:
    let
      chars = text: genList (i: substring i 1 text) (stringLength text);
      row = previous: char: foldl' (line: i:
        let
          left = elemAt line i;
          cost = if substring i 1 b == char then 0 else 1;
        in line ++ [ (min (min (left + 1) (elemAt previous (i + 1) + 1)) (elemAt previous i + cost)) ]
      ) [ (head previous + 1) ] (genList (i: i) (stringLength b));
    in elemAt (foldl' row (genList (i: i) (stringLength b + 1)) (chars a)) (stringLength b);

  suggestion = key: known:
    let
      near = filter (pair: pair.far <= 3 && pair.far < stringLength key)
        (map (name: { inherit name; far = distance key name; }) known);
      best = sort (a: b: a.far < b.far) near;
    in if stringLength key > 40 || best == [ ] then "" else "; did you mean ${quote (head best).name}?";

  unknown = path: key: known:
    "${at path key}: is not an option${
      let found = suggestion key known;
      in if found != "" then found else "; the options are ${concatStringsSep ", " known}"
    }";

  plain = key: match "[A-Za-z0-9_-]+" key != null;
  at = path: key:
    let name = if plain key then key else quote key;
    in if path == "" then name else "${path}.${name}";

  whole = value: isInt value || (isFloat value && value < 9.0e15 && value > -9.0e15 && floor value == value);
in
rec {
  inherit at codePoints distance quote show simple unknown;

  # Whole numbers, bounds included. 2.0 is one: JSON has only one kind of number.
  int = low: high: simple "a whole number from ${toString low} to ${toString high}"
    (value: whole value && value >= low && value <= high);

  bool = simple "true or false" isBool;

  # Text of `low` (0 or 1) to `high` code points for which `test` holds.
  text = { low ? 0, high, expects ? "text of ${toString low} to ${toString high} characters", test ? _: true }:
    simple expects (value:
      isString value && stringLength value >= low && fits high value && test (unsafeDiscardStringContext value));

  enum = values: simple "one of ${concatStringsSep ", " (map quote values)}" (value: isString value && elem value values);

  label = text {
    low = 1;
    high = 63;
    expects = "1 to 63 lower-case letters, digits or inner hyphens";
    test = value: match "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?" value != null;
  };

  inherit holds;

  # A list of at least `low`, at most `high` items.
  listBetween = low: high: item:
    let
      type = {
        expects = "a list of ${if low == 0 then "at most ${toString high}" else "${toString low} to ${toString high}"} items";
        check = path: value:
          if !isList value then wrong type path value
          else if length value < low || length value > high then [ "${path}: must be ${type.expects}, got ${toString (length value)}" ]
          else concatLists (genList (i: item.check "${path}[${toString i}]" (elemAt value i)) (length value));
      };
    in type;

  # Any keys that `key` accepts, values of one type.
  mapOf = { high, key, value }:
    let
      type = {
        expects = "an attribute set of at most ${toString high} entries";
        check = path: set:
          if !isAttrs set then wrong type path set
          else if length (attrNames set) > high then [ "${path}: must be ${type.expects}, got ${toString (length (attrNames set))}" ]
          else concatMap (name:
            (if key.check "" name == [ ] then [ ] else [ "${at path name}: the name must be ${key.expects}" ])
            ++ value.check (at path name) set.${name}
          ) (attrNames set);
      };
    in type;

  # The first type that accepts.
  either = first: second:
    let
      type = {
        expects = "${first.expects}, or ${second.expects}";
        check = path: value:
          if isList value then second.check path value
          else if first.check path value == [ ] then [ ] else wrong type path value;
      };
    in type;

  # An option of a record: `required` ones must be there; others are left to their default in roles/model/.
  required = type: { inherit type; required = true; };
  optional = type: { inherit type; required = false; };

  # A record with exactly these options. `together path set` is asked when each option alone is right.
  record = options: together:
    let
      names = attrNames options;
      type = {
        expects = "an attribute set";
        check = path: set:
          if !isAttrs set then wrong type path set
          else
            let
              strangers = map (key: unknown path key names) (filter (key: !(options ? ${key})) (attrNames set));
              missing = map (key: "${at path key}: is missing; it must be ${options.${key}.type.expects}")
                (filter (key: options.${key}.required && !(set ? ${key})) names);
              bad = concatMap (key: if set ? ${key} then options.${key}.type.check (at path key) set.${key} else [ ]) names;
              alone = strangers ++ missing ++ bad;
            in if alone != [ ] then alone else together path set;
      };
    in type;
}
