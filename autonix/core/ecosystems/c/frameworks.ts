/**
 * Frameworks of C and C++: by the library that a build asks for, or the header
 * that sources include.
 *
 * @module
 */

/** Name in lower case, as builds, Conan and vcpkg write it. */
export const BY_LIBRARY: ReadonlyMap<string, string> = new Map([
  ["drogon", "drogon"],
  ["crow", "crow"],
  ["crowcpp-crow", "crow"],
  ["oatpp", "oatpp"],
  ["pistache", "pistache"],
  ["libpistache", "pistache"],
  ["cpprestsdk", "cpprestsdk"],
  ["httplib", "cpp-httplib"],
  ["cpp-httplib", "cpp-httplib"],
  ["libmicrohttpd", "libmicrohttpd"],
  ["civetweb", "civetweb"],
  ["restinio", "restinio"],
  ["restbed", "restbed"],
  ["userver", "userver"],
  ["grpc", "grpc"],
  ["grpc++", "grpc"],
  ["qt5", "qt"],
  ["qt6", "qt"],
  ["gtk+-3.0", "gtk"],
  ["gtk4", "gtk"],
  ["gtkmm-3.0", "gtk"],
  ["gtkmm-4.0", "gtk"],
  ["libadwaita-1", "gtk"],
  ["arduino", "arduino"],
  ["espidf", "esp-idf"],
  ["zephyr", "zephyr"],
  ["wxwidgets", "wxwidgets"],
]);

/** Header, in quotes or brackets, that nothing else has. */
export const BY_HEADER: ReadonlyMap<string, string> = new Map([
  ["crow.h", "crow"],
  ["crow_all.h", "crow"],
  ["crow/app.h", "crow"],
  ["drogon/drogon.h", "drogon"],
  ["drogon/HttpAppFramework.h", "drogon"],
  ["httplib.h", "cpp-httplib"],
  ["mongoose.h", "mongoose"],
  ["civetweb.h", "civetweb"],
  ["microhttpd.h", "libmicrohttpd"],
  ["pistache/endpoint.h", "pistache"],
]);
