#include "faulty_source.hpp"

#include <utility>

namespace tram::simulation {
namespace {

class FaultySource final : public ChangeSource {
 public:
  FaultySource(std::unique_ptr<ChangeSource> inner, Lifeline& line, Sabotage sabotage)
      : inner_{std::move(inner)}, line_{line}, sabotage_{sabotage} {}

  ChangeBatch read(std::size_t rows_max) override {
    line_.enter("read rows");
    // As the seam says: after an error reading starts behind what is confirmed by then.
    if (std::exchange(failed_, true)) inner_->rewind();
    line_.fail(Trouble::transient, Fault::transient, "read rows");
    auto batch = inner_->read(rows_max);
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
  [[nodiscard]] ChangeSourceStatus status() const override { return inner_->status(); }
  [[nodiscard]] std::string held_rows_name() const override { return inner_->held_rows_name(); }

 private:
  std::unique_ptr<ChangeSource> inner_;
  Lifeline& line_;
  Sabotage sabotage_;
  bool failed_{};
};

}  // namespace

std::unique_ptr<ChangeSource> faulty_source(std::unique_ptr<ChangeSource> inner, Lifeline& line,
                                            Sabotage sabotage) {
  return std::make_unique<FaultySource>(std::move(inner), line, sabotage);
}

}  // namespace tram::simulation
