#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace tram::testing {

/// Stands in every piece of every password below.
inline constexpr std::string_view secret_mark{"Zq7"};

/// Passwords with signs that mean something in URLs, conninfo strings, shells and files.
inline std::vector<std::string> awkward_passwords() {
  std::vector<std::string> all{"Zq7one"};
  for (std::string_view const between : {"/",
                                         "@",
                                         "?",
                                         "#",
                                         "&",
                                         "=",
                                         "%",
                                         "+",
                                         " ",
                                         ":",
                                         "[",
                                         "]",
                                         "\\",
                                         "'",
                                         "\"",
                                         ",",
                                         ";",
                                         "!",
                                         "$",
                                         "{",
                                         "}",
                                         "^",
                                         "|",
                                         "<",
                                         "é",
                                         "\n",
                                         "\t",
                                         "%2",
                                         "%zz",
                                         "%00",
                                         "%40",
                                         "%2F",
                                         "//",
                                         "@@",
                                         ":@",
                                         "/@",
                                         "@/",
                                         "?a=",
                                         "&a=",
                                         "&password=",
                                         "?sslmode=",
                                         "@127.0.0.1:1/",
                                         ",127.0.0.1:1/",
                                         "[::1"}) {
    all.push_back("Zq7one" + std::string{between} + "Zq7two");
  }
  return all;
}

/// Database URLs around such a password `*`, right ones and wrong ones. Nobody listens where they
/// lead.
inline std::vector<std::string> database_forms() {
  return {"postgresql://u:*@127.0.0.1:1/d",
          "postgres://u:*@127.0.0.1:1,127.0.0.1:2/d?target_session_attrs=primary",
          "POSTGRESQL://u:*@127.0.0.1:1/d",
          "postgresql://u:*@[::1/d",
          "postgresql://u:*@[::1]:1/d",
          "postgresql://u:*@127.0.0.1:1/d/e",
          "postgresql://u:*@127.0.0.1:x/d",
          "postgresql://u:*@127.0.0.1:1/d?sslmode=none",
          "postgresql://u:*@127.0.0.1:1/d?nonsense",
          "postgresql://u:*@127.0.0.1:1/d?tram_statements=none",
          "postgresql://u:*@",
          "postgresql://u:*/d",
          "postgresql://*@127.0.0.1:1/d",
          "postgresql://127.0.0.1:1/d?user=u&password=*",
          "postgresql://127.0.0.1:1/d?password=*&sslmode=disable",
          "postgresql://127.0.0.1:1/d?sslmode=*",
          "postgresql://127.0.0.1:1/d?sslrootcert=*&sslmode=verify-ca",
          "postgresql://127.0.0.1:1/d?connect_timeout=*",
          "postgresql://127.0.0.1:1/d?options=*",
          "postgresql://127.0.0.1:1/d?*=1",
          "postgresql:u:*@127.0.0.1:1/d",
          "postgresql:/u:*@127.0.0.1:1/d",
          " postgresql://u:*@127.0.0.1:1/d",
          "\"postgresql://u:*@127.0.0.1:1/d\"",
          "u:*@127.0.0.1:1/d",
          "//u:*@127.0.0.1:1/d",
          "*",
          "jdbc:postgresql://u:*@127.0.0.1:1/d",
          "mysql://u:*@127.0.0.1:1/d",
          "sqlite://u:*@127.0.0.1:1/d",
          "kafka://u:*@127.0.0.1:1",
          "host=127.0.0.1 port=1 user=u password=*",
          "host=u:*@127.0.0.1 port=1",
          "postgresql://host=127.0.0.1 password=*"};
}

inline std::vector<std::string> broker_forms() {
  return {"kafka://u:*@127.0.0.1:1",
          "kafka://*@127.0.0.1:1",
          "kafka://127.0.0.1:1,u:*@127.0.0.1:2",
          "kafka://SASL_SSL://u:*@127.0.0.1:1",
          "kafka:u:*@127.0.0.1:1",
          "kafka://127.0.0.1:1/*@x",
          "kafka://127.0.0.1:1?sasl.mechanism=*",
          "kafka://"
          "127.0.0.1:1?sasl.mechanism=PLAIN&sasl.username=u&sasl.password=*&security.protocol=none",
          "kafka://127.0.0.1:1?security.protocol=*",
          "kafka://127.0.0.1:1?ssl.key.pem=*&security.protocol=ssl",
          "kafka://127.0.0.1:1?ssl.keystore.location=*&security.protocol=ssl",
          "kafka://127.0.0.1:1?linger.ms=*",
          "kafka://127.0.0.1:1?*=1",
          "kafka://127.0.0.1:1?acks=*",
          "kafka://127.0.0.1:1?tram.multi_message_bytes=*",
          "embedded://u:*@127.0.0.1:1",
          "memory:?*=1",
          "memory:?partitions=*",
          "amqp://u:*@127.0.0.1:1",
          "u:*@127.0.0.1:1"};
}

/// Every form with every password, but for a password that makes of a form without a host a right
/// URL of another host.
inline std::vector<std::string> filled(std::vector<std::string> const& forms) {
  std::vector<std::string> all;
  for (auto const& password : awkward_passwords()) {
    for (auto form : forms) {
      if (form == "postgresql://u:*/d" && password.find('@') != std::string::npos) continue;
      all.push_back(form.replace(form.find('*'), 1, password));
    }
  }
  return all;
}

}  // namespace tram::testing
