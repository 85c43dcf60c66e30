#pragma once

#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "held_row_keeper.hpp"
#include "old_row_remover.hpp"
#include "publish_window.hpp"
#include "relay_core.hpp"
#include "relay_round.hpp"
#include "row_publisher.hpp"
#include "row_reader.hpp"
#include "row_record.hpp"
#include "tram/relay/relay.hpp"

namespace tram {

/// The relay without its thread, its waits and its lock: the core decides, the parts act.
class Relay::Loop {
 public:
  Loop(RelayParts const& parts, RelayOptions const& options);

  /// One round; true when anything happened.
  bool step();
  /// Not caught up before the next read found nothing.
  void look_again() { reader_.look_again(); }
  /// A requested stop ends what waits for the broker.
  void stop_with(std::stop_token stop) { publisher_.stop_with(std::move(stop)); }
  /// From here on nothing new is read or published.
  void begin_drain();
  /// Nothing is in flight.
  [[nodiscard]] bool drained() const { return window_.in_flight() == 0; }
  /// Stores what is known to be done.
  void flush();

  [[nodiscard]] RelayStatus status() const;
  [[nodiscard]] SteadyTime next_step() const { return core().next_step(); }
  /// What to wait for, -1 for nothing.
  [[nodiscard]] int source_descriptor() const;
  [[nodiscard]] int producer_descriptor() const { return publisher_.descriptor(); }

 private:
  [[nodiscard]] RelayFacts facts() const;
  /// By what is known now.
  [[nodiscard]] RelayCore core() const { return RelayCore{facts()}; }

  void begin();
  void read();
  void publish();
  bool take_next();
  void hold(HeldRow held);
  void load_held();
  void replay_held();
  bool replay(StoredHeldRow& stored);
  bool submit(std::string_view channel, RelayRecord const& record);
  void take_completions();
  std::optional<Error> take(Completion const& completion);
  void landed(Sequence sequence);
  void refused(Sequence sequence, std::string reason, HeldCause cause);
  void producer_failed(Error const& error);
  void finish();
  [[nodiscard]] std::string trouble(std::string const& source) const;

  Clock& clock_;
  Logger logger_;
  RelayOptions const& options_;
  RelayRound round_;
  RecordMaker records_;
  PublishWindow window_;
  RowReader reader_;
  RowPublisher publisher_;
  HeldRowKeeper held_;
  OldRowRemover old_rows_;
  bool draining_{};
};

}  // namespace tram
