#include "record_rules.hpp"

#include <string>

#include "tram/wire/channel_name.hpp"

namespace tram::embedded {

std::optional<Error> refusal(RecordView const& record, std::size_t bytes_max) {
  try {
    check_channel_name(record.channel);
  } catch (Error const& error) { return error; }
  if (record.value.size() <= bytes_max) return std::nullopt;
  return Error{Fault::rejected, "embedded: a record for '" + std::string{record.channel} +
                                    "' has " + std::to_string(record.value.size()) +
                                    " bytes, but the broker takes " + std::to_string(bytes_max) +
                                    "; send less, or raise record_bytes_max"};
}

Error missing_channel(std::string_view channel) {
  return Error{Fault::rejected, "embedded: there is no channel '" + std::string{channel} +
                                    "'; create it with create_channels or by a subscription"};
}

}  // namespace tram::embedded
