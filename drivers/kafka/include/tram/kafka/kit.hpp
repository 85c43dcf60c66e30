#pragma once

#include "tram/broker/broker_kit.hpp"

#pragma GCC visibility push(default)

namespace tram::kafka {

/// Kafka as one value. Its URL: `kafka://host:9092,host:9092`; parameters are properties of the
/// client library (`?compression.type=lz4`). Tram adds `tram.multi_messages` (`true`:
/// messages of one partition share a record, see `tram/kafka/kafka.hpp`),
/// `tram.multi_message_bytes` and `tram.multi_message_linger.ms`.
extern BrokerKit const kit;

}  // namespace tram::kafka

#pragma GCC visibility pop
