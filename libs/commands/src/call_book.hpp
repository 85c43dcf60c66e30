#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "tram/commands/call_counters.hpp"
#include "tram/messaging/incoming_message.hpp"

namespace tram {

/// Which answers are waited for, by the ids of the commands, and what became of the others: a core,
/// for one thread at a time.
class CallBook final {
 public:
  /// So many calls that have ended are remembered, to tell what comes too late from what is not
  /// ours.
  static constexpr std::size_t remembered_max{1000};

  void expect(std::string const& id) { waiting_.try_emplace(id); }
  /// The command was never sent.
  void withdraw(std::string_view id);
  [[nodiscard]] bool is_answered(std::string_view id) const;
  /// Ends a call, with the answer if there is one.
  std::optional<IncomingMessage> end(std::string_view id);

  /// Takes what came in; true when a call waited for it.
  bool take(IncomingMessage incoming);
  /// A record came that is no message.
  void take_malformed() { ++counters_.malformed; }

  [[nodiscard]] CallCounters counters() const;

 private:
  void remember(std::string_view id, bool answered);

  std::map<std::string, std::optional<IncomingMessage>, std::less<>> waiting_;
  /// Whether they were answered.
  std::map<std::string, bool, std::less<>> ended_;
  std::deque<std::string> ended_order_;
  CallCounters counters_;
};

}  // namespace tram
