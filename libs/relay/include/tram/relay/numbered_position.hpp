#pragma once

#include <string>
#include <string_view>

#pragma GCC visibility push(default)

namespace tram {

// Where an outbox numbers its rows, a stored position alone does not prove which rows are
// published: the table may have been made again, or its numbering may have restarted. So the relay
// also stores which row has the position, as a second row of `tram_relay_position`. Its name is the
// relay's with `#row=`, the number and what tells the row from others. Retention keeps that row.

/// Between the name of a relay and the row at its position.
inline constexpr std::string_view row_mark_infix{"#row="};

/// SQL for what tells a row of the outbox from another one of its number.
inline std::string row_mark_expression() {
  return "seq || ' ' || substr(CASE WHEN coalesce(id, '') <> '' THEN id ELSE "
         "coalesce(destination, '') || ' ' || coalesce(headers, '') END, 1, 500)";
}

}  // namespace tram

#pragma GCC visibility pop
