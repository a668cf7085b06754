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
      SDL2_image alsa-lib asio botan3 bun caddy cairo catch2_3 cjson clickhouse clojure cmake cppzmq crow cyrus_sasl
      dbus deno drogon eigen espeak-ng frankenphp freetds freetype gbenchmark gdal gdk-pixbuf geos ghostscript giflib
      gleam glib glm gnumake go-task gpgme graphicsmagick graphviz grpc gtest gtk3 gtkmm3 hidapi hiredis html-tidy
      httplib hugo imagemagick jekyll json-glib json_c krb5 leiningen leveldb libev libevent libgdiplus libgit2
      libmemcached libopus libpng libpqxx librsvg libsass libsecret libsodium libspatialindex libspatialite liburing
      libusb1 libwebsockets libxslt libyaml maven meson micromamba minio-client mongoc mongodb-ce mongosh mosquitto
      mysql84 natscli netcdf nlohmann_json oatpp openldap pandoc pango pcre pcre2 pdm pipenv poetry portaudio
      postgresqlTestHook proj rabbitmq-c raylib rdkafka redis redis-plus-plus rocksdb sfml shards snappy spdlog
      sqlcipher static-web-server tidyp trunk uv uwimap valkey vips wasm-pack wkhtmltopdf xmlsec yaml-cpp yarn
      yarn-berry zbar zeromq zola
    '';
    # Defined in pkgs/top-level/all-packages.nix, or in what it takes in by name.
    topLevel = words ''
      boost busybox bzip2 cabal-install cacert cargo chromedriver chromium clippy crystal curl dart dotnet-sdk_8
      dotnet-sdk_9 dune_3 enchant exiftool file flutter fmt fontconfig fuse fuse3 gcc ghc glfw gmp gnupg
      gobject-introspection gradle gradle-unwrapped gst_all_1.gstreamer hdf5 icu jdk11 jdk17 jdk21 jdk8 libGL libbpf
      libclang libffi libinput libjack2 libjpeg libkrb5 libmicrohttpd libmysqlclient libpq libpq.pg_config
      libpulseaudio libreoffice libsoup_3 libtool libuuid libvlc libxkbcommon mariadb_1011 mariadb_106 mariadb_114
      nodejs_20 nodejs_22 nodejs_24 ocaml opam openal openblas opencv openssl php82 php83 php84 phpPackages.composer
      pkg-config pnpm pnpm_10 pnpm_9 poppler poppler-utils postgresql postgresql_14 postgresql_15 postgresql_16
      postgresql_17 protobuf python311 python312 python313 qt6.qtbase qt6.qttools rebar3 ruby_3_3 ruby_3_4 rustc
      rustfmt sbt sqlite stack swift swiftpm udev wayland webkitgtk_4_1 xz yarn-berry_3 yarn-berry_4 zig_0_13 zig_0_14
      zlib zstd
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
      SDL2 SDL2_mixer SDL2_ttf abseil-cpp aspell autoconf automake brotli c-ares cli11 cryptopp cxxopts elixir_1_18
      erlang expat ffmpeg fftw flac gd gflags git glew glog gnutls gperftools gsl gtk4 gtkmm4 harfbuzz jansson
      jemalloc jq jsoncpp just lapack leptonica libadwaita libarchive libcap libconfig libedit libgcrypt libheif libnl
      libpcap libseccomp libsndfile libssh libssh2 libtiff libuv libvirt libvorbis libwebp libxml2 libzip llvm lmdb
      lua luajit lxc lz4 mariadb mariadb-connector-c mariadb.client mbedtls mdbook mpfr ncurses nettle nghttp2 nginx
      ninja ocamlPackages.findlib oniguruma pcsclite pipewire poco popt pugixml python3 python3Packages.pip qt5.qtbase
      qt5.qtcharts qt5.qtdeclarative qt5.qtmultimedia qt5.qtquickcontrols2 qt5.qtserialport qt5.qtsvg qt5.qttools
      qt5.qtwebengine qt5.qtwebsockets qt5.qtx11extras qt6.qtcharts qt6.qtdeclarative qt6.qtmultimedia
      qt6.qtserialport qt6.qtsvg qt6.qtwebengine qt6.qtwebsockets rapidjson readline rsync sdl3 softhsm sox systemd
      tbb tesseract tinyxml-2 tpm2-tss unixODBC vulkan-loader
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
    # pkgs/development/beam-modules/fetch-hex.nix
    fetchHex = words "pkg version sha256";
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
      keycloak = "services/web-apps/keycloak.nix";
      prometheus = "services/monitoring/prometheus/default.nix";
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
          enable = keycloak;
          settings = keycloak;
          initialAdminPassword = keycloak;
          database.passwordFile = keycloak;
        };
        prometheus.enable = prometheus;
      };
    };
}
