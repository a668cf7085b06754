# What a blueprint may hold. The same rules as roles/model/blueprint.ts and vm_spec.ts, which parse the result and
# own the defaults; tests/integration/nix_parity_test.ts holds the two together.
let
  inherit (builtins)
    any attrNames concatMap elem elemAt filter floor genList fromJSON isFloat isInt length match split
    isString stringLength;
  types = import ./types.nix;
  inherit (types) at bool either enum holds int label listBetween mapOf optional quote record required simple text;

  maxItems = 64;
  list = listBetween 0 maxItems;
  nothing = _: _: [ ];
  newline = "\n";

  waitMs = int 0 86400000;
  positiveMs = int 1 86400000;
  port = int 1 65535;
  shortText = text { high = 1024; };
  shortKey = text { low = 1; high = 63; };
  labelMap = mapOf { high = maxItems; key = shortKey; value = shortText; };

  storePath = text {
    low = 1;
    high = 512;
    expects = "a path below /nix/store/<hash>-<name>";
    test = value:
      match "/nix/store/[0-9a-df-np-sv-z]{32}-[0-9A-Za-z+._?=-]+(/.*)?" value != null
      && !holds newline value
      && !(elem ".." (filter isString (split "/" value)));
  };

  # What JavaScript's \s matches; the patterns of roles/model/ use it.
  spaces = map fromJSON (map (code: "\"\\u${code}\"") [
    "0009" "000a" "000b" "000c" "000d" "0020" "00a0" "1680" "2000" "2001" "2002" "2003" "2004" "2005" "2006" "2007"
    "2008" "2009" "200a" "2028" "2029" "202f" "205f" "3000" "feff"
  ]);

  begins = prefix: value: stringLength value >= 1 && builtins.substring 0 1 value == prefix;

  image = record {
    toplevel = required storePath;
    kernelPath = required storePath;
    initrdPath = required storePath;
    diskImagePath = optional storePath;
    cmdline = optional (text {
      high = 2047;
      expects = "one line of at most 2047 characters";
      test = value: !holds newline value;
    });
    root = optional (enum [ "initrd" "store" ]);
  } nothing;

  portSpec = record {
    name = required label;
    guest = required port;
    publish = optional port;
  } nothing;

  network = record {
    allowedDomains = optional (list (text { low = 1; high = 253; }));
    allowedPeers = optional (list label);
    ports = optional (list portSpec);
    rateLimitMbit = optional (int 1 1000000);
  } nothing;

  volume = record {
    name = required label;
    sizeMib = required (int 1 67108864);
    mount = required (text {
      low = 1;
      high = 255;
      expects = "an absolute path of at most 255 characters";
      test = value: begins "/" value && !holds newline value;
    });
  } nothing;

  healthCheck = record {
    name = required label;
    kind = required (enum [ "http" "tcp" "serial" "command" "guest" ]);
    port = optional port;
    path = optional (text {
      low = 1;
      high = 1024;
      expects = "a path that begins with / and holds no spaces, of at most 1024 characters";
      test = value: begins "/" value && !any (space: holds space value) spaces;
    });
    match = optional (text { low = 1; high = 256; });
    command = optional (listBetween 1 maxItems shortText);
    intervalMs = optional positiveMs;
    timeoutMs = optional positiveMs;
    graceMs = optional waitMs;
    successes = optional (int 1 100);
    failures = optional (int 1 100);
  } (path: check:
    let
      needs = { http = "port"; tcp = "port"; serial = "match"; command = "command"; };
      need = needs.${check.kind} or null;
    in if need == null || check ? ${need} then [ ] else [ "${at path need}: is missing; a check of kind ${quote check.kind} needs it" ]
  );

  update = record {
    strategy = optional (enum [ "rolling" "canary" "blue-green" ]);
    maxParallel = optional (int 1 1000);
    canary = optional (int 0 1000);
    minAvailable = optional (int 0 10000);
    minHealthyTimeMs = optional waitMs;
    healthyDeadlineMs = optional positiveMs;
    progressDeadlineMs = optional positiveMs;
    autoRevert = optional bool;
    autoPromote = optional bool;
  } nothing;

  restart = record {
    policy = optional (enum [ "always" "on-failure" "never" ]);
    delayMs = optional waitMs;
    maxDelayMs = optional waitMs;
  } nothing;

  operator = enum [ "=" "!=" "in" "version" "regexp" ];
  ruleValue = either shortText (list shortText);
  constraint = record {
    attribute = required shortKey;
    operator = optional operator;
    value = required ruleValue;
  } nothing;
  affinity = record {
    attribute = required shortKey;
    operator = optional operator;
    value = required ruleValue;
    weight = optional (int (-100) 100);
  } nothing;
  spread = record {
    attribute = required shortKey;
    weight = optional (int 0 100);
  } nothing;

  budget = record {
    bootMs = optional positiveMs;
    closureMib = optional (int 1 67108864);
  } nothing;

  abs = number: if number < 0 then -number else number;
  cpu = simple "a number of cores from 0.001 to 1024, in steps of 0.001" (value:
    (isInt value || isFloat value) && value >= 0.001 && value <= 1024
    && (let milli = value * 1000.0; in abs (milli - floor (milli + 0.5)) < 0.000001));

  twice = path: items:
    let
      names = map (item: item.name) items;
      again = filter (i: elem (elemAt names i) (genList (j: elemAt names j) i)) (genList (i: i) (length names));
    in if again == [ ] then [ ] else [ "${path}: ${quote (elemAt names (builtins.head again))} is there twice" ];

  vm = record {
    cpu = required cpu;
    memoryMib = required (int 16 67108864);
    image = required image;
    replicas = optional (int 0 10000);
    labels = optional labelMap;
    priority = optional (int (-1000) 1000);
    env = optional labelMap;
    network = optional network;
    volumes = optional (list volume);
    healthChecks = optional (list healthCheck);
    update = optional update;
    restart = optional restart;
    fencing = optional (enum [ "none" "exclusive" ]);
    constraints = optional (list constraint);
    affinities = optional (list affinity);
    spread = optional (list spread);
    dependsOn = optional (list label);
    budget = optional budget;
    backend = optional (text { low = 1; high = 63; });
  } (path: set:
    let
      exclusive = set.fencing or "none" == "exclusive";
      strategy = set.update.strategy or "rolling";
      stateful = exclusive || set.volumes or [ ] != [ ];
      why = if exclusive then "an exclusive VM" else "a VM with volumes";
    in
    (if stateful && strategy != "rolling" then
      [ "${path}.update.strategy: must be \"rolling\" for ${why}, which is stopped, then started; got ${quote strategy}" ]
    else [ ])
    ++ twice "${path}.volumes" (set.volumes or [ ])
    ++ twice "${path}.healthChecks" (set.healthChecks or [ ])
    ++ twice "${path}.network.ports" (set.network.ports or [ ])
  );

  blueprint = record {
    version = required (simple "1" (value: value == 1));
    cluster = required label;
    placement = optional (enum [ "spread" "pack" ]);
    vms = required (mapOf { high = 10000; key = label; value = vm; });
  } (path: set:
    let
      strangers = name: key: names: map (other: "vms.${name}.${key}: there is no VM ${quote other} in this blueprint${
          if attrNames set.vms == [ ] then "" else "; there are ${builtins.concatStringsSep ", " (attrNames set.vms)}"
        }") (filter (other: !(set.vms ? ${other})) names);
    in
    concatMap (name:
      strangers name "dependsOn" (set.vms.${name}.dependsOn or [ ])
      ++ strangers name "network.allowedPeers" (set.vms.${name}.network.allowedPeers or [ ])
    ) (attrNames set.vms)
  );
in
{ inherit blueprint vm; }
