# What is known of nixpkgs: names of packages, arguments of builders, options of NixOS. A flake that uses another one is
# wrong, or this list lacks a look at nixpkgs.
#
# Seen in July 2026 in a copy of nixpkgs that calls itself 26.11; what 25.05 calls otherwise is said beside it.
let
  words = text: builtins.filter (word: builtins.isString word && word != "") (builtins.split "[ \n]+" text);
in
{
  packages = {
    # pkgs/by-name/NA/NAME/package.nix is there.
    byName = words ''
      alsa-lib botan3 bun catch2_3 cjson clojure crow cyrus_sasl deno drogon eigen espeak-ng frankenphp gbenchmark gleam
      gpgme graphicsmagick html-tidy httplib jekyll json_c leiningen leveldb libgdiplus libpqxx libsass libspatialindex
      libspatialite libusb1 maven minio-client mongoc mongodb-ce mongosh mysql84 natscli oatpp openldap pcre pdm poetry
      postgresqlTestHook rabbitmq-c rdkafka redis-plus-plus SDL2_image sfml sqlcipher static-web-server tidyp uwimap
      valkey vips wkhtmltopdf xmlsec yarn yarn-berry
    '';
    # Defined in pkgs/top-level/all-packages.nix, or in what it takes in by name.
    topLevel = words ''
      boost busybox bzip2 cabal-install cacert cargo chromedriver chromium clippy crystal curl dart dotnet-sdk_8
      dotnet-sdk_9 dune_3 enchant exiftool file flutter fmt fontconfig fuse fuse3 gcc ghc glfw gmp gnupg
      gobject-introspection gradle gradle-unwrapped gst_all_1.gstreamer hdf5 icu jdk11 jdk17 jdk21 jdk8 libGL libbpf
      libclang libffi libinput libjack2 libjpeg libkrb5 libmicrohttpd libmysqlclient libpq libpq.pg_config libpulseaudio
      libreoffice libsoup_3 libtool libuuid libvlc libxkbcommon mariadb_106 mariadb_1011 mariadb_114 nodejs_20 nodejs_22
      nodejs_24 ocaml opam openal openblas opencv openssl php82 php83 php84 phpPackages.composer pkg-config pnpm pnpm_10
      pnpm_9 qt6.qtbase qt6.qttools poppler poppler-utils postgresql postgresql_14 postgresql_15 postgresql_16 postgresql_17 protobuf python311
      python312 python313 rebar3 ruby_3_3 ruby_3_4 rustc rustfmt sbt sqlite stack swift swiftpm xz yarn-berry_3
      yarn-berry_4 zig_0_13 zig_0_14 zlib zstd
    '';
    # Names that newer nixpkgs keep in pkgs/top-level/aliases.nix: these hold in 25.05.
    aliases = words ''
      wxGTK32 xorg.libX11 xorg.libXcursor xorg.libXext xorg.libXi xorg.libXrandr xorg.libxcb
    '';
    # Gone since, with the version that they were of: seen as removed in aliases.nix, or by their successors.
    old = words ''
      elixir_1_15 elixir_1_16 elixir_1_17 go_1_23 go_1_24 haskell.compiler.ghc948 haskell.compiler.ghc967 jdk24 mysql80
      php81 pnpm_8 postgresql_13 python310 python39 ruby_3_2
    '';
    # Written from memory, and not looked up.
    remembered = words ''
      SDL2 SDL2_mixer SDL2_ttf abseil-cpp asio aspell autoconf automake brotli c-ares caddy cairo cli11 cmake cppzmq
      cryptopp cxxopts dbus elixir_1_18 erlang expat ffmpeg fftw flac freetds freetype gd gdal gdk-pixbuf geos gflags
      ghostscript giflib git glew glib glm glog gnumake gnutls go-task gperftools graphviz grpc gsl gtest gtk3 gtk4
      harfbuzz hidapi hiredis hugo imagemagick jansson jemalloc jq jsoncpp just krb5 lapack leptonica libadwaita
      libarchive libcap libconfig libedit libev libevent libgcrypt libgit2 libheif libmemcached libnl libopus libpcap
      libpng librsvg libseccomp libsecret libsndfile libsodium libssh libssh2 libtiff liburing libuv libvirt libvorbis
      libwebp libwebsockets libxml2 libxslt libyaml libzip llvm lmdb lua luajit lxc lz4 mariadb mariadb.client
      mariadb-connector-c mbedtls mdbook meson micromamba mosquitto mpfr ncurses netcdf nettle nghttp2 nginx ninja
      nlohmann_json ocamlPackages.findlib oniguruma pandoc pango pcre2 pcsclite pipenv pipewire poco popt portaudio proj
      gtkmm3 gtkmm4 json-glib qt5.qtcharts qt5.qtdeclarative qt5.qtmultimedia qt5.qtquickcontrols2 qt5.qtserialport
      qt5.qtsvg qt5.qttools qt5.qtwebengine qt5.qtwebsockets qt5.qtx11extras qt6.qtcharts qt6.qtdeclarative
      qt6.qtmultimedia qt6.qtserialport qt6.qtsvg qt6.qtwebengine qt6.qtwebsockets
      pugixml python3 python3Packages.pip qt5.qtbase rapidjson raylib readline redis rocksdb rsync sdl3
      shards snappy softhsm sox spdlog systemd tbb
      tesseract tinyxml-2 tpm2-tss trunk udev unixODBC uv vulkan-loader wasm-pack wayland webkitgtk_4_1 yaml-cpp zbar
      zeromq zola clickhouse
    '';
  };

  # Arguments beside those of stdenv.mkDerivation, with the file that reads them.
  builders = {
    # pkgs/build-support/node/build-npm-package/default.nix
    buildNpmPackage = words "nodejs npmDeps npmDepsHash npmConfigHook npmBuildHook npmInstallHook npmFlags npmBuildScript";
    # pkgs/build-support/node/import-npm-lock/default.nix; nothing else is taken
    importNpmLock = words "npmRoot package packageLock packageSourceOverrides fetcherOpts pname version";
    # pkgs/build-support/node/fetch-yarn-deps/default.nix
    fetchYarnDeps = words "yarnLock hash src forceEmptyCache";
    # pkgs/by-name/ya/yarn-berry/fetcher/fetch-yarn-berry-deps.nix
    fetchYarnBerryDeps = words "hash src missingHashes yarnLock";
    # pkgs/build-support/node/fetch-pnpm-deps/default.nix
    fetchPnpmDeps = words "pname version src hash pnpm fetcherVersion pnpmInstallFlags pnpmWorkspaces prePnpmInstall";
    # pkgs/build-support/go/module.nix
    buildGoModule = words "vendorHash modRoot proxyVendor deleteVendor ldflags goSum allowGoReference";
    # pkgs/build-support/rust/build-rust-package/default.nix
    buildRustPackage = words "cargoLock cargoHash cargoDeps buildType buildFeatures cargoRoot buildAndTestSubdir";
    # pkgs/build-support/dotnet/build-dotnet-module/default.nix
    buildDotnetModule = words "dotnet-sdk dotnet-runtime nugetDeps projectFile executables runtimeDeps";
    # pkgs/development/beam-modules/mix-release.nix
    mixRelease = words "elixir erlang hex mixEnv mixFodDeps mixNixDeps mixReleaseName removeCookie npmDeps npmRoot";
    # pkgs/development/beam-modules/fetch-mix-deps.nix
    fetchMixDeps = words "pname version src hash elixir hex mixEnv debug";
    # pkgs/build-support/dart/build-dart-application/default.nix
    buildDartApplication = words "autoPubspecLock pubspecLock gitHashes dartEntryPoints dartOutputType sourceRoot";
    # A derivation has whatever it is given; what setup hooks read of it has these names.
    mkDerivation = words "yarnOfflineCache offlineCache missingHashes pnpmDeps dontUseCmakeConfigure dontUseMesonConfigure npmDeps npmRoot";
  };

  # Options below config, each with the module that declares it, below nixos/modules. `*` stands for any name; below a
  # module's name nothing else is looked at: it takes what its program takes.
  options =
    let
      system = "not looked up";
      # nixos/modules/services
      postgresql = "services/databases/postgresql.nix";
      mysql = "services/databases/mysql.nix";
      redis = "services/databases/redis.nix";
      mongodb = "services/databases/mongodb.nix";
      ferretdb = "services/databases/ferretdb.nix";
      rabbitmq = "services/amqp/rabbitmq.nix";
      kafka = "services/misc/apache-kafka.nix";
      nats = "services/networking/nats.nix";
      mosquitto = "services/networking/mosquitto.nix";
      beanstalkd = "services/misc/beanstalkd.nix";
      zookeeper = "services/misc/zookeeper.nix";
      elasticsearch = "services/search/elasticsearch.nix";
      opensearch = "services/search/opensearch.nix";
      meilisearch = "services/search/meilisearch.nix";
      typesense = "services/search/typesense.nix";
      memcached = "services/databases/memcached.nix";
      minio = "services/web-servers/minio.nix";
      clickhouse = "services/databases/clickhouse.nix";
      mailpit = "services/mail/mailpit.nix";
      couchdb = "services/databases/couchdb.nix";
      cassandra = "services/databases/cassandra.nix";
      neo4j = "services/databases/neo4j.nix";
      influxdb2 = "services/databases/influxdb2.nix";
      etcd = "services/databases/etcd.nix";
      consul = "services/networking/consul.nix";
      qdrant = "services/search/qdrant.nix";
      grafana = "services/monitoring/grafana.nix";
      ollama = "services/misc/ollama.nix";
      victoriametrics = "services/databases/victoriametrics.nix";
    in
    {
      boot = {
        loader.grub.enable = system;
        initrd = {
          kernelModules = system;
          availableKernelModules = system;
          systemd.enable = system;
          postMountCommands = system;
        };
      };
      documentation.enable = system;
      environment.etc."*".text = system;
      fileSystems."*" = {
        device = system;
        fsType = system;
        options = system;
        autoFormat = system;
        autoResize = system;
      };
      networking = {
        hostName = system;
        useDHCP = system;
        resolvconf.enable = system;
        firewall.allowedTCPPorts = system;
      };
      nix.enable = system;
      nixpkgs.config = system;
      system.stateVersion = system;
      systemd = {
        tmpfiles.rules = system;
        sockets."*" = system;
        services."*" = {
          description = system;
          wantedBy = system;
          wants = system;
          after = system;
          bindsTo = system;
          environment = system;
          serviceConfig = system;
          unitConfig = system;
          startLimitIntervalSec = system;
          restartIfChanged = system;
          stopIfChanged = system;
        };
      };
      services = {
        postgresql = {
          enable = postgresql;
          package = postgresql;
          enableTCPIP = postgresql;
          ensureDatabases = postgresql;
          ensureUsers = postgresql;
          authentication = postgresql;
        };
        mysql = {
          enable = mysql;
          package = mysql;
          ensureDatabases = mysql;
          initialScript = mysql;
          settings = mysql;
        };
        redis = {
          package = redis;
          servers."*" = { enable = redis; port = redis; bind = redis; settings = redis; };
        };
        mongodb = { enable = mongodb; package = mongodb; bind_ip = mongodb; };
        ferretdb = { enable = ferretdb; settings = ferretdb; };
        rabbitmq = { enable = rabbitmq; listenAddress = rabbitmq; configItems = rabbitmq; };
        apache-kafka = { enable = kafka; formatLogDirs = kafka; clusterId = kafka; settings = kafka; };
        nats = { enable = nats; jetstream = nats; };
        mosquitto = { enable = mosquitto; listeners = mosquitto; };
        beanstalkd = { enable = beanstalkd; listen.address = beanstalkd; };
        zookeeper.enable = zookeeper;
        elasticsearch = { enable = elasticsearch; listenAddress = elasticsearch; };
        opensearch = { enable = opensearch; settings = opensearch; };
        meilisearch = { enable = meilisearch; listenAddress = meilisearch; };
        typesense = { enable = typesense; apiKeyFile = typesense; settings = typesense; };
        memcached = { enable = memcached; listen = memcached; };
        minio = { enable = minio; rootCredentialsFile = minio; };
        clickhouse.enable = clickhouse;
        mailpit.instances."*" = { listen = mailpit; smtp = mailpit; };
        couchdb = { enable = couchdb; bindAddress = couchdb; adminPass = couchdb; };
        cassandra = { enable = cassandra; rpcAddress = cassandra; extraConfig = cassandra; };
        neo4j = {
          enable = neo4j;
          https.enable = neo4j;
          extraServerConfig = neo4j;
          defaultListenAddress = neo4j;
          bolt = { tlsLevel = neo4j; advertisedAddress = neo4j; };
        };
        influxdb2 = {
          enable = influxdb2;
          provision = {
            enable = influxdb2;
            initialSetup = {
              organization = influxdb2;
              bucket = influxdb2;
              passwordFile = influxdb2;
              tokenFile = influxdb2;
            };
          };
        };
        etcd = { enable = etcd; listenClientUrls = etcd; advertiseClientUrls = etcd; };
        consul = { enable = consul; extraConfig = consul; };
        qdrant = { enable = qdrant; settings = qdrant; };
        grafana = { enable = grafana; settings = grafana; };
        ollama = { enable = ollama; host = ollama; };
        victoriametrics.enable = victoriametrics;
        keycloak = {
          enable = system;
          settings = system;
          database.passwordFile = system;
        };
        prometheus.enable = system;
      };
    };
}
