/**
 * Packages that a Dockerfile installs, as libraries of nixpkgs.
 *
 * Only libraries and the programs that applications call; compilers, shells,
 * and tools to fetch things are in every build.
 *
 * @module
 */
import { NATIVE as PHP_EXTENSIONS } from "../../ecosystems/php/frameworks.ts";
import { wordsOf } from "./parse.ts";

/** nixpkgs attribute, and the names of Debian, Alpine and Fedora; their `-dev` and `-devel` too. */
const LIBRARIES: readonly (readonly [string, string])[] = [
  [
    "postgresql",
    "libpq libpq5 postgresql postgresql-client postgresql-libs postgresql-dev postgresql15-client postgresql16-client",
  ],
  [
    "libmysqlclient",
    "default-libmysqlclient libmysqlclient default-mysql-client mysql-client mysql",
  ],
  [
    "mariadb-connector-c",
    "libmariadb mariadb-connector-c mariadb libmariadb3 mariadb-client mariadb-connector-c",
  ],
  ["sqlite", "sqlite sqlite3 libsqlite3 libsqlite3-0 sqlite-libs"],
  ["openssl", "openssl libssl libssl1.1 libssl3 libcrypto3"],
  ["zlib", "zlib zlib1g"],
  ["bzip2", "bzip2 libbz2"],
  ["xz", "xz xz-utils liblzma"],
  ["zstd", "zstd libzstd"],
  ["lz4", "lz4 liblz4"],
  ["snappy", "snappy libsnappy"],
  ["libffi", "libffi libffi7 libffi8"],
  ["libxml2", "libxml2 libxml2-utils"],
  ["libxslt", "libxslt libxslt1 libxslt1.1"],
  ["xmlsec", "xmlsec libxmlsec1 libxmlsec1-openssl xmlsec1"],
  ["libyaml", "libyaml yaml libyaml-0-2"],
  ["curl", "libcurl libcurl4 libcurl4-openssl libcurl4-gnutls"],
  ["icu", "icu icu-libs libicu icu-data-full"],
  ["gmp", "gmp libgmp"],
  ["readline", "readline libreadline"],
  [
    "ncurses",
    "ncurses ncurses-libs libncurses5 libncurses6 libncurses libncursesw5 libncursesw6",
  ],
  ["libsodium", "libsodium libsodium23"],
  ["libgit2", "libgit2"],
  ["libssh2", "libssh2 libssh2-1"],
  ["libzip", "libzip libzip4"],
  [
    "libjpeg",
    "libjpeg libjpeg62-turbo libjpeg-turbo jpeg libjpeg-turbo8 libjpeg8 libjpeg62",
  ],
  ["libpng", "libpng libpng16-16"],
  ["libwebp", "libwebp libwebp6 libwebp7 webp libwebp-tools"],
  ["libtiff", "libtiff tiff libtiff5 libtiff6"],
  ["giflib", "libgif giflib"],
  ["librsvg", "librsvg librsvg2 librsvg2-bin rsvg-convert"],
  ["freetype", "freetype libfreetype6 libfreetype"],
  ["fontconfig", "fontconfig libfontconfig1 libfontconfig"],
  ["harfbuzz", "harfbuzz libharfbuzz libharfbuzz0b"],
  ["cairo", "cairo libcairo2 libcairo"],
  [
    "pango",
    "pango libpango1.0 libpango-1.0-0 libpangocairo-1.0-0 libpangoft2-1.0-0",
  ],
  [
    "gdk-pixbuf",
    "gdk-pixbuf libgdk-pixbuf2.0-0 libgdk-pixbuf-2.0-0 libgdk-pixbuf2.0",
  ],
  ["glib", "glib libglib2.0-0 libglib2.0 libglib2.0-0t64"],
  ["libGL", "libgl1 libgl1-mesa-glx libgl1-mesa mesa-gl libgl1-mesa-dri"],
  ["vips", "vips libvips libvips42 libvips-tools vips-tools"],
  [
    "imagemagick",
    "imagemagick libmagickwand libmagickcore libmagickwand-6.q16 imagemagick6 graphicsmagick-imagemagick-compat",
  ],
  ["graphicsmagick", "graphicsmagick"],
  ["ffmpeg", "ffmpeg libavcodec libavformat libavutil libswscale ffmpeg-libs"],
  ["poppler-utils", "poppler-utils"],
  ["poppler", "libpoppler-cpp libpoppler poppler"],
  ["ghostscript", "ghostscript"],
  ["tesseract", "tesseract-ocr libtesseract tesseract"],
  ["leptonica", "libleptonica leptonica"],
  ["exiftool", "exiftool libimage-exiftool-perl"],
  ["libheif", "libheif libheif1"],
  ["wkhtmltopdf", "wkhtmltopdf"],
  ["pandoc", "pandoc"],
  ["libreoffice", "libreoffice libreoffice-writer"],
  ["chromium", "chromium chromium-browser google-chrome-stable"],
  ["chromedriver", "chromium-driver chromium-chromedriver"],
  ["graphviz", "graphviz libgraphviz"],
  ["opencv", "libopencv opencv"],
  ["openblas", "libopenblas openblas libopenblas-base"],
  ["lapack", "liblapack lapack"],
  ["hdf5", "libhdf5 hdf5 libhdf5-serial"],
  ["gdal", "gdal-bin libgdal gdal"],
  ["geos", "libgeos geos libgeos-c1v5"],
  ["proj", "libproj proj proj-bin"],
  ["libspatialindex", "libspatialindex"],
  ["libspatialite", "libspatialite libsqlite3-mod-spatialite libspatialite7"],
  ["portaudio", "portaudio19 portaudio libportaudio2"],
  ["libsndfile", "libsndfile1 libsndfile"],
  ["sox", "sox libsox"],
  ["alsa-lib", "libasound2 alsa-lib"],
  ["libopus", "libopus opus libopus0"],
  ["espeak-ng", "espeak-ng espeak"],
  ["unixODBC", "unixodbc"],
  ["freetds", "freetds freetds-bin"],
  ["openldap", "libldap2 openldap libldap"],
  ["cyrus_sasl", "libsasl2 cyrus-sasl"],
  ["libkrb5", "libkrb5 krb5"],
  ["rdkafka", "librdkafka librdkafka1"],
  ["libmemcached", "libmemcached libmemcached11"],
  ["libevent", "libevent"],
  ["jemalloc", "libjemalloc libjemalloc2 jemalloc"],
  ["libuv", "libuv1 libuv"],
  ["libusb1", "libusb-1.0-0 libusb"],
  ["file", "libmagic1 libmagic"],
  ["oniguruma", "libonig oniguruma"],
  ["html-tidy", "libtidy tidy"],
  ["pcre", "libpcre3 pcre"],
  ["pcre2", "libpcre2 pcre2"],
  ["protobuf", "protobuf-compiler protobuf protoc libprotobuf"],
  ["boost", "libboost-all boost libboost"],
  ["eigen", "libeigen3"],
  ["SDL2", "libsdl2 sdl2"],
  ["gtk3", "libgtk-3 gtk+3.0 libgtk-3-0"],
  ["libsecret", "libsecret-1 libsecret"],
  ["dbus", "libdbus-1 dbus"],
  ["systemd", "libsystemd"],
  ["libpcap", "libpcap"],
  ["libsass", "libsass"],
  ["jemalloc", "jemalloc libjemalloc libjemalloc1 libjemalloc2"],
  ["libev", "libev libev4"],
  ["gnupg", "gpgme libgpgme"],
  ["rsync", "rsync"],
  ["jq", "jq"],
];

const BY_PACKAGE = new Map(
  LIBRARIES.flatMap(([attribute, names]) =>
    names.split(" ").map((name) => [name, attribute] as const)
  ),
);
/** What only fetches or unpacks while an image is built. */
const OF_BUILDS = new Set([
  "rsync",
  "jq",
  "xz",
  "bzip2",
  "gnupg",
  "openssl",
]);
const INSTALLS =
  /\b(?:apt-get|apt|apk|yum|dnf|microdnf|zypper)\s(?:[^\n&|;]{0,200}\s)?(?:install|add)\s/;
const MAX_COMMANDS = 500;

/** The attribute for a package of a distribution; null for one that is no library. */
export function libraryOf(name: string): string | null {
  // libpq-dev=15.3-1, postgresql-dev@edge, libssl-dev:amd64
  const [plain = ""] = name.toLowerCase().split(/[=<>~@:]/, 1);
  const isDevelopment = /-(?:dev|devel)$/.test(plain);
  const base = plain.replace(/-(?:dev|devel)$/, "");
  const found = BY_PACKAGE.get(plain) ?? BY_PACKAGE.get(base) ?? null;
  if (found !== null && OF_BUILDS.has(found) && !isDevelopment) return null;
  return found;
}

/** How images of PHP are given extensions. */
const EXTENDS =
  /\b(?:install-php-extensions|docker-php-ext-install|pecl\s{1,4}install)\s/;

function ofExtensions(words: readonly string[]): string[] {
  return words.flatMap((word) => {
    const [name = ""] = word.split(/[-@]\d/, 1);
    return PHP_EXTENSIONS.get(`ext-${name}`) ?? [];
  });
}

/** Packages of a distribution that a command for a shell installs. */
export function packagesIn(command: string): string[] {
  if (!INSTALLS.test(`${command} `)) return [];
  return wordsOf(command).filter((word) => !word.startsWith("-"));
}

/** The commands of a text for a shell. */
export function commandsIn(text: string): string[] {
  return text.split(/&&|\|\||[;|\n]/, MAX_COMMANDS);
}

/** Libraries that a `RUN` installs. */
export function librariesIn(run: string): string[] {
  const found = commandsIn(run).flatMap((command) => [
    ...EXTENDS.test(command) ? ofExtensions(wordsOf(command)) : [],
    ...packagesIn(command).flatMap((name) => libraryOf(name) ?? []),
  ]);
  return [...new Set(found)];
}
