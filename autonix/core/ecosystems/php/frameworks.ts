/**
 * Frameworks of PHP by their packages, what is served of them, and libraries
 * that extensions and packages need.
 *
 * @module
 */
import type { FrameworkTable, NativeTable } from "../shared/project.ts";

export const FRAMEWORKS: FrameworkTable = [
  ["laravel", "laravel/framework"],
  ["lumen", "laravel/lumen-framework"],
  [
    "symfony",
    "symfony/framework-bundle",
    "symfony/symfony",
    // What is built on it and asks for it.
    "sylius/sylius",
    "shopware/core",
    "contao/core-bundle",
    "contao/manager-bundle",
    "ibexa/oss",
    "akeneo/pim-community-dev",
    "oro/platform",
  ],
  ["slim", "slim/slim"],
  ["cakephp", "cakephp/cakephp"],
  ["codeigniter", "codeigniter4/framework", "codeigniter/framework"],
  ["yii2", "yiisoft/yii2"],
  [
    "drupal",
    "drupal/core-recommended",
    "drupal/core",
    "drupal/recommended-project",
  ],
  [
    "wordpress",
    "roots/wordpress",
    "johnpbloch/wordpress",
    "johnpbloch/wordpress-core",
    "roots/bedrock-autoloader",
  ],
  ["mezzio", "mezzio/mezzio"],
  ["laminas", "laminas/laminas-mvc"],
  ["hyperf", "hyperf/framework", "hyperf/http-server"],
  ["spiral", "spiral/framework"],
  ["flight", "flightphp/core", "mikecao/flight"],
  ["leaf", "leafs/leaf"],
  ["fat-free", "bcosca/fatfree", "bcosca/fatfree-core"],
  ["api-platform", "api-platform/core", "api-platform/symfony"],
  ["statamic", "statamic/cms"],
  ["craftcms", "craftcms/cms"],
  ["workerman", "workerman/workerman"],
  ["reactphp", "react/http"],
];

/** Served by their directory, whose index.php composer may put there. */
export const DOCUMENT_ROOTS: ReadonlyMap<string, string> = new Map([
  ["drupal", "web"],
  ["wordpress", "web"],
  ["craftcms", "web"],
  ["yii2", "web"],
  ["cakephp", "webroot"],
  ["symfony", "public"],
  ["lumen", "public"],
  ["slim", "public"],
  ["codeigniter", "public"],
  ["mezzio", "public"],
  ["laminas", "public"],
]);

/** What PHP is built with anyway (curl, mbstring, openssl, xml, mysqlnd) is not here. */
export const NATIVE: NativeTable = new Map([
  ["ext-pgsql", ["postgresql"]],
  ["ext-pdo_pgsql", ["postgresql"]],
  ["ext-imagick", ["imagemagick"]],
  ["ext-gmagick", ["graphicsmagick"]],
  ["ext-gd", ["gd"]],
  ["ext-gmp", ["gmp"]],
  ["ext-intl", ["icu"]],
  ["ext-zip", ["libzip"]],
  ["ext-xsl", ["libxslt"]],
  ["ext-ldap", ["openldap"]],
  ["ext-sodium", ["libsodium"]],
  ["ext-yaml", ["libyaml"]],
  ["ext-ffi", ["libffi"]],
  ["ext-rdkafka", ["rdkafka"]],
  ["ext-amqp", ["rabbitmq-c"]],
  ["ext-memcached", ["libmemcached"]],
  ["ext-vips", ["vips"]],
  ["ext-sqlsrv", ["unixODBC"]],
  ["ext-pdo_sqlsrv", ["unixODBC"]],
  ["ext-tidy", ["html-tidy"]],
  ["ext-enchant", ["enchant"]],
  ["ext-imap", ["uwimap"]],
  ["jcupitt/vips", ["vips"]],
  ["php-ffmpeg/php-ffmpeg", ["ffmpeg"]],
  ["pbmedia/laravel-ffmpeg", ["ffmpeg"]],
  ["knplabs/knp-snappy", ["wkhtmltopdf"]],
  ["knplabs/knp-snappy-bundle", ["wkhtmltopdf"]],
  ["barryvdh/laravel-snappy", ["wkhtmltopdf"]],
  ["spatie/browsershot", ["chromium"]],
  ["spatie/pdf-to-text", ["poppler-utils"]],
  ["thiagoalessio/tesseract_ocr", ["tesseract"]],
]);
