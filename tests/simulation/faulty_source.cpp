#include "faulty_source.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace tram::simulation {
namespace {

/// SQLite gives each row a position. Here so many are one transaction, as in the log of a server,
/// which can be read again from its beginning only.
constexpr std::uint64_t rows_per_transaction{8};

RowPlace place_of(LogPosition position) {
  auto const before = position.number() - 1;
  return {.transaction = LogPosition{before / rows_per_transaction + 1},
          .row = before % rows_per_transaction + 1};
}

class FaultySource final : public ChangeSource {
 public:
  FaultySource(std::unique_ptr<ChangeSource> inner, FaultySourceParts const& parts)
      : inner_{std::move(inner)},
        parts_{parts},
        believes_{parts_.sabotage == Sabotage::believes_silence ||
                  (parts_.sabotage == Sabotage::forgets_silence && is_silent())} {}

  ChangeBatch read(std::size_t rows_max) override {
    line().enter("read rows");
    // As the seam says: after an error reading starts behind what is confirmed by then.
    if (std::exchange(failed_, true)) inner_->rewind();
    line().fail(Trouble::transient, Fault::transient, "read rows");
    tell_of_it();
    read_what_was_hidden();
    auto batch = inner_->read(rows_max);
    if (batch.starts_over) begin_anew();
    if (parts_.sabotage == Sabotage::trusts_memory) skip_numbers_seen(batch);
    hide_rows(batch);
    batch = in_transactions(std::move(batch));
    line().fail(Trouble::transient, Fault::transient, "rows read");
    line().leave("read rows");
    if (parts_.sabotage == Sabotage::confirms_early && batch.seen_up_to) {
      inner_->confirm(*batch.seen_up_to);
    }
    failed_ = false;
    batch.starts_over = std::exchange(starts_over_, false);
    return batch;
  }
  void keep_alive() override {
    line().enter("keep the source");
    if (std::exchange(failed_, true)) inner_->rewind();
    line().fail(Trouble::transient, Fault::transient, "keep the source");
    tell_of_it();
    inner_->keep_alive();
    line().leave("keep the source");
    failed_ = false;
  }
  void confirm(LogPosition position) override {
    line().enter("confirm rows");
    inner_->confirm(std::min(position, proven().value_or(position)));
    line().leave("confirm rows");
  }
  void settled(RowPlace place) override {
    look_at_held_rows();
    settled_ = place;
    if (parts_.sabotage == Sabotage::settles_early) ++settled_.row;
  }
  void flush() override {
    line().enter("store the position");
    inner_->flush();
    line().leave("store the position");
  }
  void rewind() override {
    line().enter("rewind");
    inner_->rewind();
    failed_ = false;
  }
  [[nodiscard]] int descriptor() const override { return -1; }
  [[nodiscard]] Duration poll_interval() const override { return inner_->poll_interval(); }
  [[nodiscard]] ChangeSourceStatus status() const override {
    auto status = inner_->status();
    if (hidden_from_) status.trouble = "simulation: the log does not show all of the outbox";
    status.shown_up_to = proven();
    return status;
  }
  [[nodiscard]] std::string held_rows_name() const override { return inner_->held_rows_name(); }

 private:
  /// SQLite's rows have no place: only `confirm` has its source look at the rows that are held.
  void look_at_held_rows() {
    try {
      inner_->keep_alive();
    } catch (Error const&) { untold_ = true; }
  }
  /// Before another outbox is read, so that nothing is in flight then.
  void tell_of_it() {
    if (std::exchange(untold_, false))
      throw Error{Fault::transient, "simulation: the rows that are held could not be looked at"};
  }

  [[nodiscard]] Lifeline& line() const { return parts_.line; }
  [[nodiscard]] bool is_silent() const {
    return !line().chaos().healed() && parts_.silence.holds(parts_.clock.steady());
  }
  /// Nothing where all was shown.
  [[nodiscard]] std::optional<LogPosition> proven() const {
    return hidden_from_ ? std::optional{LogPosition{hidden_from_->number() - 1}} : std::nullopt;
  }

  /// Not before what it hid was read: other tables may be hidden then.
  void fall_silent() {
    if (is_silent() || hidden_from_ || !line().chaos().happens(Trouble::silent_log)) return;
    parts_.silence.begin(parts_.clock.steady(), line().chaos().random());
    line().chaos().trace().event(line().name(), "the log falls silent");
  }
  /// A source that believes silence has the relay confirm what nobody published. An honest one
  /// confirms nothing behind the first row that it was not shown.
  void hide_rows(ChangeBatch& batch) {
    if (!batch.rows.empty()) fall_silent();
    if (!is_silent()) return;
    std::erase_if(batch.rows, [&](OutboxRow const& row) { return hides(row); });
    if (!hidden_from_) return;
    batch.at_end = false;
    if (batch.seen_up_to) batch.seen_up_to = std::min(*batch.seen_up_to, *proven());
  }
  bool hides(OutboxRow const& row) {
    if (!parts_.silence.hides(row.destination, parts_.clock.steady())) return false;
    auto const position = row.ends_at.value();
    if (!believes_) hidden_from_ = std::min(hidden_from_.value_or(position), position);
    return true;
  }
  /// Behind what is confirmed, and as after any error: when nothing is in flight any more.
  void read_what_was_hidden() {
    bool const is_over = hidden_from_ && !is_silent();
    bool const is_told = std::exchange(shows_again_, is_over);
    if (!is_over) return;
    if (is_told) return begin_anew();
    throw Error{Fault::transient, "simulation: the log shows all of the outbox again"};
  }
  void begin_anew() {
    hidden_from_.reset();
    shows_again_ = false;
    settled_ = {};
    starts_over_ = true;
  }

  /// A source that knows better than the database which rows are published.
  void skip_numbers_seen(ChangeBatch& batch) {
    auto const seen = highest_;
    for (auto const& row : batch.rows) highest_ = std::max(highest_, row.ends_at.value());
    if (!std::exchange(starts_over_, false)) return;
    std::erase_if(batch.rows, [&](OutboxRow const& row) { return row.ends_at.value() <= seen; });
  }

  /// Also what is read of a transaction so far must be confirmed one day: the last row ends it.
  ChangeBatch in_transactions(ChangeBatch batch) const {
    auto rows = std::exchange(batch.rows, {});
    for (auto& row : rows) {
      auto const position = row.ends_at.value();
      auto const place = place_of(position);
      if (place.transaction == settled_.transaction && place.row <= settled_.row) {
        batch.seen_up_to = std::max(batch.seen_up_to.value_or(position), position);
        continue;
      }
      row.place = place;
      if (place.row < rows_per_transaction && &row != &rows.back()) row.ends_at.reset();
      batch.rows.push_back(std::move(row));
    }
    return batch;
  }

  std::unique_ptr<ChangeSource> inner_;
  FaultySourceParts parts_;
  bool believes_;
  bool failed_{};
  bool untold_{};
  bool starts_over_{};
  /// The next read begins anew.
  bool shows_again_{};
  /// The first row that the log did not show.
  std::optional<LogPosition> hidden_from_;
  LogPosition highest_{};
  RowPlace settled_;
};

}  // namespace

std::unique_ptr<ChangeSource> faulty_source(std::unique_ptr<ChangeSource> inner,
                                            FaultySourceParts const& parts) {
  return std::make_unique<FaultySource>(std::move(inner), parts);
}

}  // namespace tram::simulation
