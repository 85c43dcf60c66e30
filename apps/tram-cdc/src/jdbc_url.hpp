#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tram::relay_program {

struct ConvertedUrl {
  /// As libpq reads it.
  std::string url;
  /// What means nothing here: `the parameter 'socketTimeout'`.
  std::vector<std::string> dropped;
};

/// `jdbc:postgresql://host:5432/name?sslmode=require` for libpq. Faults: rejected for every other
/// kind of URL, saying what to do.
ConvertedUrl convert_jdbc_url(std::string_view url);

}  // namespace tram::relay_program
