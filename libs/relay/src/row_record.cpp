#include "row_record.hpp"

#include <string_view>
#include <utility>

#include "tram/base/error.hpp"
#include "tram/wire/channel_name.hpp"
#include "tram/wire/id_generator.hpp"

namespace tram {

RowRecord RecordMaker::make(OutboxRow const& row) const {
  if (!row.unreadable.empty())
    return Unpublishable{.key = key_of(row),
                         .reason = row.unreadable + "; correct the row or delete it"};
  try {
    check_destination(row.destination);
    RelayRecord record = relay_record(view(row));
    if (value_bytes_max_ == 0 || record.value.size() <= value_bytes_max_) return record;
    return Unpublishable{
        .key = std::move(record.key),
        .reason = "record of " + std::to_string(record.value.size()) +
                  " bytes; the broker takes at most " + std::to_string(value_bytes_max_) +
                  "; raise the broker's limit and request a retry, or drop the row"};
  } catch (Error const& error) { return Unpublishable{.key = key_of(row), .reason = error.what()}; }
}

std::optional<std::string> RecordMaker::key_of(OutboxRow const& row) const {
  return row_key(view(row));
}

RowView RecordMaker::view(OutboxRow const& row) const {
  RowView view{.headers_json = row.headers, .payload = row.payload};
  if (row.database_id && outbox_) {
    view.database_id = database_message_id(*row.database_id, *outbox_, table_);
  }
  return view;
}

}  // namespace tram
