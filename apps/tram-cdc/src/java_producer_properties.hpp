#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tram::relay_program {

/// What a property of Java's Kafka producer is to librdkafka.
struct JavaProducerProperty {
  enum class Use : std::uint8_t {
    /// It is set, under `text`.
    set,
    /// It changes nothing, because of `text`.
    noted,
    /// What it asks for is not done; `text` says what to do instead.
    refused,
  };
  Use use{Use::set};
  std::string text;
};

/// Of every property that is not listed, librdkafka has one of the same name, or refuses it at the
/// start, naming it.
JavaProducerProperty java_producer_property(std::string_view name);

}  // namespace tram::relay_program
