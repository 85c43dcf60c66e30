#include "row_publisher.hpp"

#include "tram/base/clock.hpp"
#include "tram/broker/broker.hpp"

namespace tram {
namespace {

constexpr Duration ask_timeout{std::chrono::seconds{2}};

}  // namespace

RowPublisher::RowPublisher(RelayParts const& parts, RelayOptions const& options, RelayRound& round)
    : broker_{parts.broker},
      clock_{parts.clock},
      round_{round},
      side_{"broker", &RelayCounters::broker_errors, parts, options, round},
      channels_{parts.broker, parts.clock, parts.logger, options} {}

/// A client that connects lazily proves nothing by being made: trouble is over when a record lands,
/// or when the broker answers.
void RowPublisher::make_producer() {
  bool const made = side_.attempt_without_proof([this] { producer_ = broker_.producer(); });
  if (!made) {
    doubted_ = true;
    return;
  }
  ++round_.counters().producers;
  round_.happened();
}

bool RowPublisher::create(std::vector<std::string> const& channels) {
  if (channels.empty()) return true;
  if (!side_.may_be_tried()) return false;
  if (!ask([&] { channels_.create(channels, stop_); })) return false;
  // Nothing may land after this that would tell: the rows may all have to be held.
  if (!doubted_) side_.succeeded();
  return true;
}

void RowPublisher::ask_broker() {
  if (ask([this] { broker_.ping(Deadline::after(clock_, ask_timeout), stop_); })) proved();
}

/// Cut short by the stop, it is no trouble of the broker's.
template <class Question>
bool RowPublisher::ask(Question const& question) {
  bool answered = false;
  side_.attempt_without_proof([&] {
    try {
      question();
      answered = true;
    } catch (Error const&) {
      if (!stop_.stop_requested()) throw;
    }
  });
  return answered;
}

bool RowPublisher::submit(std::string_view channel, RelayRecord const& record, Sequence sequence) {
  RecordView const view{.channel = channel, .key = record.key, .value = record.value};
  if (!producer_->submit(view, sequence)) return false;
  round_.counters().bytes_published += record.value.size();
  return true;
}

std::vector<Completion> RowPublisher::completions() {
  return producer_ ? producer_->completions() : std::vector<Completion>{};
}

void RowPublisher::landed(std::string const& channel) {
  channels_.proved(channel);
  ++round_.counters().rows_published;
  proved();
}

void RowPublisher::lost(Error const& error) {
  side_.failed(error);
  doubted_ = true;
  producer_.reset();
}

void RowPublisher::proved() {
  doubted_ = false;
  side_.succeeded();
}

}  // namespace tram
