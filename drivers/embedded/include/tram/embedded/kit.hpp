#pragma once

#include "tram/broker/broker_kit.hpp"

#pragma GCC visibility push(default)

namespace tram::embedded {

/// The broker in a file as one value. Its URL: `embedded:channels.db`, with the parameters
/// `partitions`, `durability` (`power_failure`, `process_crash`) and `file_mode` (`0640`).
extern BrokerKit const kit;

/// The broker in memory: `memory:`, with the parameter `partitions`. It ends with its process.
extern BrokerKit const memory_kit;

}  // namespace tram::embedded

#pragma GCC visibility pop
