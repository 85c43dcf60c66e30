#include "tram/embedded/kit.hpp"

#include "tram/embedded/embedded.hpp"
#include "tram/embedded/file_status.hpp"
#include "tram/embedded/in_memory.hpp"

namespace tram::embedded {
namespace {

constexpr int partitions_default{4};

void require_understood(Url const& url) {
  url.require_path();
  url.require_parameters({"partitions", "durability", "file_mode"});
}

std::unique_ptr<Broker> open_file(Url const& url, BrokerProperties const& /*properties*/,
                                  Clock& clock, Logger const& logger) {
  require_understood(url);
  bool const light = url.choice("durability", {"power_failure", "process_crash"}) == 1;
  return connect({.path = url.rest,
                  .partitions = url.whole_number("partitions", partitions_default),
                  .durability = light ? Durability::process_crash : Durability::power_failure,
                  .file_mode = url.file_mode()},
                 clock, logger);
}

std::unique_ptr<Broker> open_memory(Url const& url, BrokerProperties const& /*properties*/,
                                    Clock& clock, Logger const& /*logger*/) {
  url.require_parameters({"partitions"});
  return in_memory_broker({.partitions = url.whole_number("partitions", partitions_default)},
                          clock);
}

Finding finding(bool good, std::string text) {
  return {.good = good, .subject = "broker", .text = std::move(text)};
}

Finding missing_file(std::string const& path, bool before_use) {
  return finding(before_use,
                 "there is no file '" + path + "' yet" +
                     (before_use ? ", and it will be made"
                                 : "; start the service that makes it, or correct the path"));
}

Finding file_in_use(std::string const& path, std::string const& owner, bool before_use) {
  return finding(!before_use, "'" + path + "' is in use by " + owner +
                                  (before_use ? ", and one at a time may; stop that one, or give "
                                                "each its own file"
                                              : ""));
}

std::vector<Finding> check_file(Url const& url, BrokerCheck check) {
  require_understood(url);
  auto const& path = url.rest;
  auto const status = inspect(path);
  bool const before_use = check == BrokerCheck::before_use;
  switch (status.state) {
    case FileStatus::State::missing: return {missing_file(path, before_use)};
    case FileStatus::State::in_use: return {file_in_use(path, status.owner, before_use)};
    case FileStatus::State::free: break;
  }
  return {finding(true, "'" + path + "' is sound, and no process uses it now")};
}

}  // namespace

constinit BrokerKit const kit{
    .scheme = "embedded", .takes_properties = false, .open = open_file, .check = check_file};

constinit BrokerKit const memory_kit{
    .scheme = "memory", .takes_properties = false, .open = open_memory, .check = nullptr};

}  // namespace tram::embedded
