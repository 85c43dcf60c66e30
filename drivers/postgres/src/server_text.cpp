#include "server_text.hpp"

#include <algorithm>

#include "outbox_look.hpp"
#include "values.hpp"

namespace tram::postgres {
namespace {

bool is_ascii(char character) { return static_cast<unsigned char>(character) < 0x80U; }

/// Data exceptions: the value cannot be converted.
bool blames_the_value(Error const& error) { return error.sqlstate().starts_with("22"); }

}  // namespace

std::optional<std::string> ServerText::to_utf8(std::string const& bytes,
                                               std::string const& encoding) {
  if (std::ranges::all_of(bytes, is_ascii)) return bytes;
  auto const deadline = Deadline::after(clock_, timeout_);
  if (!session_) session_ = Session::open(target_, clock_, deadline);
  try {
    auto const answer =
        session_->query("SELECT pg_catalog.convert_from(pg_catalog.decode('" + hexadecimal(bytes) +
                            "', 'hex'), " + sql_text(encoding) + ")",
                        deadline);
    return std::string{PQgetvalue(answer.get(), 0, 0),
                       static_cast<std::size_t>(PQgetlength(answer.get(), 0, 0))};
  } catch (Error const& error) {
    if (blames_the_value(error)) return std::nullopt;
    session_.reset();
    throw;
  }
}

}  // namespace tram::postgres
