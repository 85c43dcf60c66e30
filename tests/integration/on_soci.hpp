#pragma once

// SOCI's headers use Boost where the library was built with it; these tests need none of that.
#include <soci/soci-config.h>
#undef SOCI_HAVE_BOOST
#undef SOCI_HAVE_BOOST_DATE_TIME
#include <soci/soci.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tram/sql/dialect.hpp"
#include "tram/sql/function_executor.hpp"
#include "tram/sql/statement_executor.hpp"

namespace tram::testing {

inline std::optional<std::string> text_of(Parameter const& parameter) {
  auto const value = parameter.value();
  if (auto const* text = std::get_if<std::string_view>(&value)) return std::string{*text};
  if (auto const* integer = std::get_if<std::int64_t>(&value)) return std::to_string(*integer);
  if (auto const* number = std::get_if<double>(&value)) return std::to_string(*number);
  return std::nullopt;
}

// SOCI wants its own placeholders, `:p1`.
inline std::string named_placeholders(std::string_view sql) {
  auto numbered = number_placeholders(sql, {});
  for (auto at = numbered.find('$'); at != std::string::npos; at = numbered.find('$', at))
    numbered.replace(at, 1, ":p");
  return numbered;
}

// What an application with SOCI writes once, when it wants nothing of libpq; statements that return
// no rows are all that the outbox sends with application-made ids.
inline FunctionExecutor on_soci(soci::session& session) {
  return FunctionExecutor{[&session](std::string_view sql, Parameters parameters) {
    std::vector<std::string> texts(parameters.size());
    std::vector<soci::indicator> indicators(parameters.size(), soci::i_null);
    soci::statement statement{session};
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      if (auto text = text_of(parameters[i])) {
        texts[i] = std::move(*text);
        indicators[i] = soci::i_ok;
      }
      statement.exchange(soci::use(texts[i], indicators[i]));
    }
    statement.alloc();
    statement.prepare(named_placeholders(sql));
    statement.define_and_bind();
    statement.execute(true);
    return Rows{0, {}, statement.get_affected_rows()};
  }};
}

}  // namespace tram::testing
