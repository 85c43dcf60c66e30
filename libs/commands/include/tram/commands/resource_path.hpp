#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tram/wire/id_text.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The values of the variables of a resource's path, by name.
///
///     auto const* const id = variables.find("id");
class PathVariables {
 public:
  PathVariables() = default;
  explicit PathVariables(std::vector<std::pair<std::string, std::string>> variables);
  /// Null for a name that the path does not have.
  [[nodiscard]] std::string const* find(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> variables_;
};

/// A path whose segments may be variables: `/customers/{id}` (contract: core 4.3). Segments are
/// compared as they are, without decoding; empty ones at the end do not count.
///
///     tram::ResourcePattern const pattern{"/customers/{id}"};
///     *pattern.match("/customers/7")->find("id");  // "7"
class ResourcePattern {
 public:
  /// Throws: rejected, unless it begins with `/`, and its variables are whole segments, `{name}`,
  /// with different names.
  explicit ResourcePattern(std::string_view pattern);

  /// The variables, when the path is of this form.
  [[nodiscard]] std::optional<PathVariables> match(std::string_view path) const;
  /// Whether every path of the other form is one of this form.
  [[nodiscard]] bool covers(ResourcePattern const& other) const;
  /// The path with these values for its variables, in their order. Throws: rejected, unless there
  /// is one value for each, which is not empty and has no `/`.
  [[nodiscard]] std::string fill(std::vector<std::string> const& values) const;

 private:
  std::vector<std::string> segments_;
};

/// `resource_path("/customers/{id}", customer.id)` is `/customers/7`. Throws: the errors of
/// `ResourcePattern`.
template <class... Ids>
std::string resource_path(std::string_view pattern, Ids const&... ids) {
  return ResourcePattern{pattern}.fill({id_text(ids)...});
}

}  // namespace tram

#pragma GCC visibility pop
