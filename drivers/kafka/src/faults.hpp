#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "librdkafka.hpp"
#include "tram/base/error.hpp"
#include "tram/broker/producer.hpp"

namespace tram::kafka {

/// Whom the failure of a publish concerns.
enum class Blame : std::uint8_t {
  /// The channel: each of its records is refused, and no other.
  channel,
  /// One record of the batch it came in: the brokers judge batches as a whole.
  batch,
  /// Not the record: the producer is finished.
  producer,
};
Blame blame_of(rd_kafka_resp_err_t code) noexcept;
/// Missing: there is no such channel, or no such part of it any more.
ChannelTrouble trouble_of_channel(rd_kafka_resp_err_t code) noexcept;

/// A connection, not what was asked over it.
bool is_about_connections(rd_kafka_resp_err_t code) noexcept;

/// What a code lets the caller do, where it is not about one record.
Fault fault_of(rd_kafka_resp_err_t code) noexcept;

/// What an operator can do about a code, starting with `; `; empty where the text says it all.
std::string_view remedy_for(rd_kafka_resp_err_t code) noexcept;

/// `kafka: <what>: <text> (<code's name>)<remedy>`. Without a text, librdkafka's own is taken.
Error error_of(rd_kafka_resp_err_t code, std::string const& what, std::string_view text = {});
Error error_as(Fault fault, rd_kafka_resp_err_t code, std::string const& what,
               std::string_view text = {});

}  // namespace tram::kafka
