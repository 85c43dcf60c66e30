#pragma once

#include <deque>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "tram/base/clock.hpp"
#include "tram/base/log.hpp"
#include "tram/broker/broker.hpp"
#include "tram/relay/change_source.hpp"
#include "tram/relay/relay_options.hpp"

namespace tram {

/// Which channels there are as far as a relay knows, and which it has to make: those that rows come
/// for, and those that somebody deleted.
class RelayChannels final {
 public:
  RelayChannels(Broker& broker, Clock& clock, Logger logger, RelayOptions const& options)
      : broker_{broker}, clock_{clock}, logger_{std::move(logger)}, options_{options} {}

  /// What `create` would make before these rows can be published.
  [[nodiscard]] std::vector<std::string> wanted(std::deque<OutboxRow> const& rows) const;
  /// The same before a record of one channel can be.
  [[nodiscard]] std::vector<std::string> wanted(std::string const& channel) const;
  /// Waits for the broker, some seconds at most, and no longer than until the stop. Faults:
  /// transient when it could not be asked. What it refuses to make may exist all the same.
  void create(std::vector<std::string> const& channels, std::stop_token const& stop);

  /// The broker says that there is no such channel. True when it will be made (again); false when
  /// its rows are to be held.
  bool missed(std::string const& channel);
  /// Why rows of a channel are held that there is not, given what the producer said.
  [[nodiscard]] std::string reason(std::string const& channel, std::string said) const;
  /// The broker takes no records of this relay for it.
  void forbidden(std::string const& channel, std::string reason);
  /// They took no records of this relay before it was started, as its held rows say.
  void closed(std::set<std::string> const& channels);
  /// A record of it landed.
  void proved(std::string const& channel);
  /// Those whose held rows are to be tried again: now and then those that took no records, and
  /// those that take some again. Nobody else would find out.
  [[nodiscard]] std::vector<std::string> to_try();
  /// What is wrong, for the relay's status; empty when nothing is.
  [[nodiscard]] std::string trouble() const;

 private:
  struct Refusal {
    std::string reason;
    SteadyTime at{};
    bool tried_again{};
    /// Rows of it are held.
    bool closed{};
  };
  void want(std::string const& channel, std::vector<std::string>& wanted) const;
  void refuse(std::string const& channel, std::string reason);
  void created(std::string const& channel);
  void open(std::string const& channel);
  void append_refused(std::vector<std::string>& channels);
  void close(std::set<std::string>& channels, std::string const& channel);

  Broker& broker_;
  Clock& clock_;
  Logger logger_;
  RelayOptions const& options_;
  std::unordered_set<std::string> known_;
  /// Deleted, and not made again yet.
  std::set<std::string> gone_;
  /// Could not be made.
  std::map<std::string, Refusal> refused_;
  /// Are not there, and are not made by this relay.
  std::set<std::string> missing_;
  /// Take no records of this relay.
  std::set<std::string> forbidden_;
  /// What the broker said last.
  std::string forbidden_reason_;
  /// Took none before this relay was started, and were not tried since.
  std::set<std::string> untried_;
  SteadyTime next_try_{};
  /// Took none, and take some again: until when the rows that are held are tried again.
  std::map<std::string, SteadyTime> opened_;
};

}  // namespace tram
