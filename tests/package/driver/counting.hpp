#pragma once

#include <atomic>
#include <tram/broker/broker_kit.hpp>
#include <tram/relay/database_kit.hpp>

/// A driver from outside: it counts what goes through the seams, and leaves the work to the drivers
/// below.
namespace counting {

/// `counting:orders.db`: SQLite's file.
extern tram::DatabaseKit const database_kit;
/// `counting:`: a broker in memory, which takes records of four kilobytes.
extern tram::BrokerKit const broker_kit;

extern std::atomic<int> statements;
extern std::atomic<int> records;

}  // namespace counting
