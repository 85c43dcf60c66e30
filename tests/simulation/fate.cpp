#include "fate.hpp"

#include <array>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace tram::simulation {

Temper Fate::draw_temper() {
  return {.poison = chaos_.chance(600),
          .failures = chaos_.chance(1'500) ? static_cast<int>(1 + chaos_.random().below(4)) : 0,
          .stuck = chaos_.chance(200)};
}

std::string Fate::draw_key() { return "key-" + std::to_string(chaos_.random().below(4)); }

void Fate::damage(Transaction& tx, std::string const& message_id) {
  if (!chaos_.chance(200)) return;
  if (chaos_.chance(6'000)) {
    tx.execute("UPDATE message SET payload = CAST(X'FF' AS TEXT) WHERE id = ?", message_id);
    return;
  }
  tx.execute(chaos_.chance(5'000) ? "UPDATE message SET headers = 'broken' WHERE id = ?"
                                  : "UPDATE message SET destination = 'no/channel' WHERE id = ?",
             message_id);
  tx.execute("DELETE FROM written WHERE message_id = ?", message_id);
}

namespace {

/// Changes what the handler sees, and fails now and then, as a hook of a user's may.
class Hooks final : public MessageInterceptor {
 public:
  Hooks(Chaos& chaos, Fate& fate) : chaos_{chaos}, fate_{fate} {}
  void before_receive(IncomingMessage& incoming) override {
    incoming.message.headers.set("seen", "yes");
    if (!chaos_.happens(Trouble::hook_trouble)) return;
    throw Error{Fault::transient, "simulation: a hook is in trouble (no attempt)"};
  }
  void handle(Transaction& tx, IncomingMessage const& incoming,
              MessageHandler const& next) override {
    fate_.note(incoming.message.headers.find("seen") ? "intercepted" : "not intercepted");
    next(tx, incoming);
  }

 private:
  Chaos& chaos_;
  Fate& fate_;
};

}  // namespace

Interceptors Fate::interceptors() { return {std::make_shared<Hooks>(chaos_, *this)}; }

std::shared_ptr<MessageInterceptor> Fate::around() {
  return around_handlers(
      [this](Transaction& tx, IncomingMessage const& incoming, MessageHandler const& next) {
        ++handled_;
        if (chaos_.happens(Trouble::slow_handler)) {
          clock_.advance(std::chrono::seconds{chaos_.random().below(40)});
        }
        if (away_) {
          throw Error{Fault::transient, "simulation: what the handler needs is away (no attempt)"};
        }
        next(tx, incoming);
        trouble();
      });
}

void Fate::stumble(Temper const& temper, std::int64_t number, IncomingMessage const& incoming) {
  chaos_.trace().event(incoming.subscriber_id, "handles", number);
  if (temper.poison && !cured_) throw std::runtime_error{"poison"};
  if (temper.stuck && !cured_) {
    last_stuck_ = clock_.steady();
    note("stuck");
    throw Error{Fault::transient, "simulation: what this message needs is away"};
  }
  auto& attempts = attempts_[{incoming.subscriber_id, number}];
  if (attempts >= temper.failures || cured_) return;
  ++attempts;
  throw std::runtime_error{"not yet"};
}

void Fate::trouble() {
  if (!chaos_.happens(Trouble::handler_trouble)) return;
  static std::array<Fault, 4> const faults{Fault::transient, Fault::conflict, Fault::broken,
                                           Fault::rejected};
  auto const fault = faults[chaos_.random().below(faults.size())];
  chaos_.trace().event("handler", to_string(fault));
  bool const counts = fault == Fault::rejected;
  throw Error{fault, counts ? "simulation: refused" : "simulation: in trouble (no attempt)"};
}

void bear(Chaos& chaos, Error const& error) {
  chaos.trace().event("application", to_string(error.fault()));
  bool const of_database =
      std::string_view{error.what()}.find(no_attempt) != std::string_view::npos;
  bool const passes =
      of_database || (error.fault() != Fault::rejected && error.fault() != Fault::malformed);
  if (!passes) throw Error{error};
}

}  // namespace tram::simulation
