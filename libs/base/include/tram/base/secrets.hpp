#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(default)

namespace tram {

/// Hides secret values in messages, also when a client library quotes them in part.
///
///     secrets.add("password", password);
///     throw tram::Error{tram::Fault::rejected, secrets.hidden_in(PQerrorMessage(connection))};
class Secrets final {
 public:
  /// `name` says in messages which value was hidden: `password`. An empty value is ignored.
  void add(std::string name, std::string value);
  /// For a value that may be a common word: it is found in quotes only.
  void add_quoted(std::string name, std::string value);

  /// The text with `<name>` in place of each value and of each part of one that has six characters
  /// or more. A value of one or two characters is found in quotes only.
  [[nodiscard]] std::string hidden_in(std::string_view text) const;

 private:
  struct Secret {
    std::string name;
    std::string value;
    bool in_quotes_only{};
  };
  struct Find {
    std::size_t size{};
    std::string_view name;
  };
  [[nodiscard]] Find find_at(std::string_view text, std::size_t at) const;

  std::vector<Secret> secrets_;
};

}  // namespace tram

#pragma GCC visibility pop
