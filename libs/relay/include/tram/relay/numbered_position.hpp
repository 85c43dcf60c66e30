#pragma once

#include <string>
#include <string_view>

namespace tram {

// Where an outbox numbers its rows, a stored position alone does not prove which rows are
// published: the table may have been made anew, or its numbering begun again. So the relay stores
// beside it which row stands at the position, as a second row of `tram_relay_position`. Its name is
// the relay's with `#row=`, the number and what tells the row from others. Retention keeps that
// row.

/// Between the name of a relay and the row that stands at its position.
inline constexpr std::string_view row_mark_infix{"#row="};

/// SQL for what tells a row of the outbox from another one of its number.
inline std::string row_mark_expression() {
  return "seq || ' ' || substr(CASE WHEN coalesce(id, '') <> '' THEN id ELSE "
         "coalesce(destination, '') || ' ' || coalesce(headers, '') END, 1, 500)";
}

}  // namespace tram
