#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "chaos.hpp"
#include "tram/base/clock.hpp"
#include "tram/messaging/incoming_message.hpp"
#include "tram/messaging/interceptor.hpp"
#include "tram/sql/transaction.hpp"

namespace tram::simulation {

/// How a message treats its handlers.
struct Temper {
  /// They throw until the world is cured.
  bool poison{};
  /// They throw so many times first.
  int failures{};
  /// What they need for it is away until the world is cured, for no other message.
  bool stuck{};
};

/// Numbers the messages of the company, and decides how writers and handlers fare.
class Fate {
 public:
  Fate(Chaos& chaos, ManualClock& clock) : chaos_{chaos}, clock_{clock} {}

  /// In every message, whatever else it holds, as member `number`.
  std::int64_t next_number() { return ++last_number_; }
  [[nodiscard]] std::int64_t last_number() const { return last_number_; }
  Temper draw_temper();
  std::string draw_key();

  /// Keeps count of what happens in the company, so that a test can tell that it does.
  void note(std::string const& what) { ++noted_[what]; }
  [[nodiscard]] std::map<std::string, std::size_t> const& noted() const { return noted_; }

  /// Damages the rows of some messages so that no relay can publish them: some can be repaired,
  /// some not, and these do not count as written.
  void damage(Transaction& tx, std::string const& message_id);

  /// Around every handler: slow ones, and faults before and after their work.
  std::shared_ptr<MessageInterceptor> around();
  /// Around every handler and before it, in processes that have interceptors.
  Interceptors interceptors();
  /// In every handler, before its work.
  void stumble(Temper const& temper, std::int64_t number, IncomingMessage const& incoming);

  /// What handlers need besides the database goes away, or comes back.
  void toggle_away() { away_ = !away_; }
  /// Ends the poison, and everything is there.
  void cure() {
    cured_ = true;
    away_ = false;
  }
  /// What handlers need besides the database is there again; what single messages need is not.
  void restore() { away_ = false; }
  /// How often a handler ran.
  [[nodiscard]] std::size_t handled() const { return handled_; }
  /// When a message was stuck last, if one was.
  [[nodiscard]] std::optional<SteadyTime> last_stuck() const { return last_stuck_; }

 private:
  void trouble();

  Chaos& chaos_;
  ManualClock& clock_;
  bool cured_{};
  bool away_{};
  std::optional<SteadyTime> last_stuck_;
  std::size_t handled_{};
  std::int64_t last_number_{};
  std::map<std::pair<std::string, std::int64_t>, int> attempts_;
  std::map<std::string, std::size_t> noted_;
};

/// Lets pass what an application bears, and nothing else.
void bear(Chaos& chaos, Error const& error);

}  // namespace tram::simulation
