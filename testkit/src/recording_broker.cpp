#include "recording_broker.hpp"

#include <deque>
#include <optional>
#include <utility>

namespace tram::testkit {
namespace {

/// One record of ours is one or two below, so those have numbers of their own.
class RecordingProducer final : public Producer {
 public:
  RecordingProducer(std::unique_ptr<Producer> inner, RecordingBroker::Memory& memory)
      : inner_{std::move(inner)}, memory_{memory} {}

  bool submit(RecordView const& record, Sequence sequence) override {
    if (!inner_->submit(record, last_ + 1)) return false;
    flights_.push_back({.below = ++last_,
                        .sequence = sequence,
                        .record = {std::string{record.channel}, std::string{record.key},
                                   std::string{record.value}}});
    if (memory_.twice && inner_->submit(record, last_ + 1)) ++last_;
    return true;
  }

  std::vector<Completion> completions() override {
    std::vector<Completion> told;
    for (auto& completion : inner_->completions()) {
      auto const flight = take(completion.sequence);
      if (flight) asked_ = flight->sequence;
      if (flight && !completion.error) memory_.records.push_back(flight->record);
      bool const finished = completion.error && completion.error->fault() != Fault::rejected;
      if (!flight && !finished) continue;
      told.push_back({.sequence = asked_,
                      .error = std::move(completion.error),
                      .channel = completion.channel});
    }
    return told;
  }

  [[nodiscard]] int descriptor() const override { return inner_->descriptor(); }

 private:
  struct Flight {
    Sequence below{};
    Sequence sequence{};
    RecordedRecord record;
  };
  /// Nothing for the second copy of a record.
  std::optional<Flight> take(Sequence below) {
    for (auto flight = flights_.begin(); flight != flights_.end(); ++flight) {
      if (flight->below != below) continue;
      auto taken = std::move(*flight);
      flights_.erase(flight);
      return taken;
    }
    return std::nullopt;
  }

  std::unique_ptr<Producer> inner_;
  RecordingBroker::Memory& memory_;
  std::deque<Flight> flights_;
  Sequence last_{};
  Sequence asked_{};
};

}  // namespace

std::unique_ptr<Producer> RecordingBroker::producer() {
  return std::make_unique<RecordingProducer>(inner_.producer(), memory_);
}

}  // namespace tram::testkit
