#include "row_reader.hpp"

#include <algorithm>
#include <iterator>

namespace tram {

RowReader::RowReader(RelayParts const& parts, RelayOptions const& options, RelayRound& round,
                     RecordMaker const& records, PublishWindow& window)
    : source_{parts.source},
      options_{options},
      round_{round},
      records_{records},
      window_{window},
      side_{"source", &RelayCounters::source_errors, parts, options, round} {}

bool RowReader::read() {
  bool starts_over = false;
  last_read_ = round_.now();
  bool const read = side_.attempt([&] {
    auto batch = source_.read(options_.read_rows_max);
    read_after_completion_ = false;
    starts_over = batch.starts_over;
    if (starts_over) start_over();
    take(std::move(batch));
  });
  if (!read) failed();
  return starts_over;
}

void RowReader::take(ChangeBatch batch) {
  auto& rows = batch.rows;
  if (batch.seen_up_to) pending_seen_ = batch.seen_up_to;
  source_empty_ = rows.empty();
  all_seen_ = source_empty_ && batch.at_end;
  if (rows.empty()) return all_taken();
  auto& counters = round_.counters();
  ++counters.reads;
  counters.rows_read += rows.size();
  for (auto const& row : rows) counters.transactions_read += row.ends_at ? 1 : 0;
  std::ranges::move(rows, std::back_inserter(pending_));
  next_rows_ = round_.now() + options_.read_pause;
  round_.happened();
}

void RowReader::start_over() {
  window_.start_over();
  confirmed_.reset();
  pending_seen_.reset();
}

void RowReader::keep_alive() {
  last_read_ = round_.now();
  if (!side_.attempt([this] { source_.keep_alive(); })) failed();
}

RowRecord& RowReader::next_record() {
  if (!next_record_) next_record_ = records_.make(pending_.front());
  return *next_record_;
}

OutboxRow RowReader::take_next() {
  auto row = std::move(pending_.front());
  pending_.pop_front();
  next_record_.reset();
  round_.happened();
  return row;
}

void RowReader::all_taken() {
  if (!pending_.empty() || !pending_seen_) return;
  window_.seen(*std::exchange(pending_seen_, std::nullopt));
}

void RowReader::confirm() {
  if (auto const place = window_.take_settled()) source_.settled(*place);
  auto const position = window_.take_confirmable();
  if (!position) return;
  confirmed_ = position;
  round_.moved();
  attempt([&] { source_.confirm(*position); });
}

/// If it fails, the rows behind the stored position come again after the restart.
void RowReader::flush() {
  attempt([this] { source_.flush(); });
}

void RowReader::rewind() {
  forget_pending();
  look_again();
  read_after_completion_ = false;
  attempt([this] { source_.rewind(); });
}

void RowReader::forget_pending() {
  pending_.clear();
  pending_seen_.reset();
  next_record_.reset();
}

std::optional<LogPosition> RowReader::proven() const {
  if (!confirmed_) return std::nullopt;
  return std::min(*confirmed_, source_.status().shown_up_to.value_or(*confirmed_));
}

/// What succeeds here is done without the server: it proves nothing.
template <class Work>
void RowReader::attempt(Work const& work) {
  if (!side_.attempt_without_proof(work)) failed();
}

void RowReader::failed() {
  look_again();
  read_after_completion_ = true;
}

}  // namespace tram
