#include "jdbc_url.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "tram/base/error.hpp"

namespace tram::relay_program {
namespace {

using Names = std::pair<std::string_view, std::string_view>;

/// pgjdbc's parameters that libpq has, too, under its own names.
constexpr std::array<Names, 10> parameters{{{"user", "user"},
                                            {"password", "password"},
                                            {"sslmode", "sslmode"},
                                            {"sslrootcert", "sslrootcert"},
                                            {"sslcert", "sslcert"},
                                            {"sslkey", "sslkey"},
                                            {"ApplicationName", "application_name"},
                                            {"connectTimeout", "connect_timeout"},
                                            {"options", "options"},
                                            {"gssEncMode", "gssencmode"}}};

/// What only the Java driver has (42.7).
constexpr std::array<std::string_view, 62> java_only{"adaptiveFetch",
                                                     "adaptiveFetchMaximum",
                                                     "adaptiveFetchMinimum",
                                                     "allowEncodingChanges",
                                                     "assumeMinServerVersion",
                                                     "authenticationPluginClassName",
                                                     "autosave",
                                                     "binaryTransfer",
                                                     "binaryTransferDisable",
                                                     "binaryTransferEnable",
                                                     "cancelSignalTimeout",
                                                     "channelBinding",
                                                     "cleanupSavepoints",
                                                     "convertBooleanToNumeric",
                                                     "databaseMetadataCacheFields",
                                                     "databaseMetadataCacheFieldsMiB",
                                                     "defaultRowFetchSize",
                                                     "disableColumnSanitiser",
                                                     "escapeSyntaxCallMode",
                                                     "groupStartupParameters",
                                                     "gssResponseTimeout",
                                                     "hideUnprivilegedObjects",
                                                     "hostRecheckSeconds",
                                                     "jaasApplicationName",
                                                     "jaasLogin",
                                                     "kerberosServerName",
                                                     "loadBalanceHosts",
                                                     "localSocketAddress",
                                                     "logServerErrorDetail",
                                                     "logUnclosedConnections",
                                                     "loggerFile",
                                                     "loggerLevel",
                                                     "loginTimeout",
                                                     "maxResultBuffer",
                                                     "maxSendBufferSize",
                                                     "preferQueryMode",
                                                     "preparedStatementCacheQueries",
                                                     "preparedStatementCacheSizeMiB",
                                                     "prepareThreshold",
                                                     "protocolVersion",
                                                     "quoteReturningIdentifiers",
                                                     "readOnly",
                                                     "readOnlyMode",
                                                     "receiveBufferSize",
                                                     "reWriteBatchedInserts",
                                                     "sendBufferSize",
                                                     "service",
                                                     "socketFactory",
                                                     "socketFactoryArg",
                                                     "socketTimeout",
                                                     "sslfactory",
                                                     "sslfactoryarg",
                                                     "sslhostnameverifier",
                                                     "sslNegotiation",
                                                     "sslpassword",
                                                     "sslpasswordcallback",
                                                     "sslResponseTimeout",
                                                     "sspiServiceClass",
                                                     "stringtype",
                                                     "targetServerType",
                                                     "tcpKeepAlive",
                                                     "unknownLength"};

[[noreturn]] void refuse(std::string const& what) { throw Error{Fault::rejected, what}; }

class Converter {
 public:
  ConvertedUrl run(std::string_view rest) {
    auto const question = rest.find('?');
    result_.url = "postgresql:" + std::string{rest.substr(0, question)};
    if (question != std::string_view::npos) take_all(rest.substr(question + 1));
    return std::move(result_);
  }

 private:
  void take_all(std::string_view query) {
    while (!query.empty()) {
      auto const one = query.substr(0, query.find('&'));
      query.remove_prefix(std::min(one.size() + 1, query.size()));
      auto const equals = std::min(one.find('='), one.size());
      take(one.substr(0, equals), one.substr(std::min(equals + 1, one.size())));
    }
  }
  void take(std::string_view name, std::string_view value) {
    auto const* const known = std::ranges::find(parameters, name, &Names::first);
    if (known != parameters.end()) return add(known->second, value);
    // What the Java driver does for it; without a mode libpq would also go unencrypted.
    if (name == "ssl") return value == "false" ? void() : add("sslmode", "verify-full");
    if (name == "currentSchema") return add("options", "-csearch_path%3D" + std::string{value});
    if (name == "targetServerType" && (value == "primary" || value == "master"))
      return add("target_session_attrs", "read-write");
    drop(name);
  }
  /// Another name may be a part of a password.
  void drop(std::string_view name) {
    if (name.empty()) return;
    bool const is_known = std::ranges::find(java_only, name) != java_only.end();
    result_.dropped.push_back(is_known ? "the parameter '" + std::string{name} + "'"
                                       : "a parameter that the Java driver does not know");
  }
  void add(std::string_view name, std::string_view value) {
    result_.url.append(1, separator_).append(name).append("=").append(value);
    separator_ = '&';
  }

  ConvertedUrl result_;
  char separator_{'?'};
};

}  // namespace

ConvertedUrl convert_jdbc_url(std::string_view url) {
  constexpr std::string_view prefix{"jdbc:postgresql:"};
  if (url.starts_with("jdbc:mysql:") || url.starts_with("jdbc:mariadb:")) {
    refuse("it names a MySQL database; this program relays PostgreSQL (and SQLite) only: keep the "
           "Java service for this one");
  }
  if (url.starts_with("jdbc:sqlserver:"))
    refuse("it names a SQL Server; this program relays PostgreSQL (and SQLite) only: keep the Java "
           "service for this one");
  if (!url.starts_with(prefix)) refuse("it is no URL of the form jdbc:postgresql://HOST:PORT/NAME");
  auto const rest = url.substr(prefix.size());
  if (!rest.starts_with("//")) refuse("write the host out: jdbc:postgresql://localhost/NAME");
  return Converter{}.run(rest);
}

}  // namespace tram::relay_program
