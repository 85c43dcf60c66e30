#include "faulty_source.hpp"

#include <algorithm>
#include <utility>

namespace tram::simulation {
namespace {

/// SQLite gives each row a position. Here so many are one transaction, as in the log of a server,
/// which can be read again from its beginning only.
constexpr std::uint64_t rows_per_transaction{8};

RowPlace place_of(LogPosition position) {
  return {.transaction = (position - 1) / rows_per_transaction + 1,
          .row = (position - 1) % rows_per_transaction + 1};
}

class FaultySource final : public ChangeSource {
 public:
  FaultySource(std::unique_ptr<ChangeSource> inner, Lifeline& line, Sabotage sabotage)
      : inner_{std::move(inner)}, line_{line}, sabotage_{sabotage} {}

  ChangeBatch read(std::size_t rows_max) override {
    line_.enter("read rows");
    // As the seam says: after an error reading starts behind what is confirmed by then.
    if (std::exchange(failed_, true)) inner_->rewind();
    line_.fail(Trouble::transient, Fault::transient, "read rows");
    auto batch = in_transactions(inner_->read(rows_max));
    if (is_silent(batch)) hide_rows(batch);
    line_.fail(Trouble::transient, Fault::transient, "rows read");
    line_.leave("read rows");
    if (sabotage_ == Sabotage::confirms_early && batch.seen_up_to) {
      inner_->confirm(*batch.seen_up_to);
    }
    failed_ = false;
    return batch;
  }
  void confirm(LogPosition position) override {
    line_.enter("confirm rows");
    inner_->confirm(position);
    line_.leave("confirm rows");
  }
  void settled(RowPlace place) override {
    settled_ = place;
    if (sabotage_ == Sabotage::settles_early) ++settled_.row;
  }
  void flush() override {
    line_.enter("store the position");
    inner_->flush();
    line_.leave("store the position");
  }
  void rewind() override {
    line_.enter("rewind");
    inner_->rewind();
    failed_ = false;
  }
  [[nodiscard]] int descriptor() const override { return -1; }
  [[nodiscard]] Duration poll_interval() const override { return inner_->poll_interval(); }
  [[nodiscard]] ChangeSourceStatus status() const override {
    auto status = inner_->status();
    if (hiding_) status.trouble = "simulation: the log does not show the outbox";
    return status;
  }
  [[nodiscard]] std::string held_rows_name() const override { return inner_->held_rows_name(); }

 private:
  /// Whether the log shows these rows: for a while it passes over all of them, as one does whose
  /// publication lost the table.
  bool is_silent(ChangeBatch const& batch) {
    if (hidden_reads_ > 0 && line_.chaos().healed()) hidden_reads_ = 1;
    if (hidden_reads_ > 0) return true;
    if (batch.rows.empty() || !line_.chaos().happens(Trouble::silent_log)) return false;
    hidden_reads_ = 1 + static_cast<int>(line_.chaos().random().below(10));
    line_.chaos().trace().event(line_.name(), "the log falls silent");
    return true;
  }
  /// A source that believes silence has the relay confirm what nobody published.
  void hide_rows(ChangeBatch& batch) {
    hiding_ = --hidden_reads_ > 0;
    bool const believed = sabotage_ == Sabotage::believes_silence;
    if (!batch.rows.empty() && believed) batch.seen_up_to = batch.rows.back().ends_at;
    if (!believed) batch.seen_up_to.reset();
    batch.rows.clear();
    batch.at_end = believed;
    if (!hiding_ && !believed) inner_->rewind();
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
  Lifeline& line_;
  Sabotage sabotage_;
  bool failed_{};
  /// Reads that show nothing yet, and whether that was noticed.
  int hidden_reads_{};
  bool hiding_{};
  RowPlace settled_;
};

}  // namespace

std::unique_ptr<ChangeSource> faulty_source(std::unique_ptr<ChangeSource> inner, Lifeline& line,
                                            Sabotage sabotage) {
  return std::make_unique<FaultySource>(std::move(inner), line, sabotage);
}

}  // namespace tram::simulation
