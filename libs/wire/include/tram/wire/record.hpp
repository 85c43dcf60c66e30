#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tram/wire/int128.hpp"
#include "tram/wire/message.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// The parts of an outbox row that the relay needs; empty for NULL. The texts must outlive the call
/// only.
struct RowView {
  std::optional<std::string_view> headers_json;
  std::optional<std::string_view> payload;
  /// For rows whose id the database made: it becomes header `ID` if that is missing.
  std::optional<Int128> database_id{};
};

/// What goes to the broker.
struct RelayRecord {
  /// Header `PARTITION_ID`, else `ID`.
  std::string key;
  /// `{"payload":"…","headers":{…}}`
  std::string value;
  friend bool operator==(RelayRecord const&, RelayRecord const&) = default;
};

/// The record of a row, byte for byte as the Java relay makes it; only an added `ID` goes to the
/// end, where Java puts it somewhere. Headers that a Tram or Eventuate producer wrote are copied as
/// they are; others are normalised as Java does it.
///
/// Malformed, naming the column: NULL, a payload that is no UTF-8, headers that are no object of
/// strings, numbers, truth values and nulls, or a row without any id.
RelayRecord relay_record(RowView const& row);

/// The key that the record of a row has, or would have if nothing else were wrong with the row:
/// headers that are broken behind it, that hold what no header is, or that lack an `ID`. Nothing
/// when they do not tell, as those that are broken before a `PARTITION_ID` came.
std::optional<std::string> row_key(RowView const& row);

/// The value of the record for a message that does not come from an outbox.
std::string record_value(Message const& message);

/// Reads the value of a plain record, as leniently as a Java consumer: members in any order,
/// unknown ones ignored, header values that are no strings as `headers_from_json` takes them.
/// Anything else: malformed, with the reason and the beginning of the value.
Message parse_record(std::string_view value);

/// The messages in a record's value, be it plain or a multi-message. Malformed as `parse_record`;
/// one bad message makes the whole record malformed, since a record is acknowledged as a whole.
std::vector<Message> decode_record_value(std::string_view value);

}  // namespace tram

#pragma GCC visibility pop
