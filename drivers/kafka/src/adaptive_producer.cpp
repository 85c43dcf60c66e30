#include "adaptive_producer.hpp"

#include <iterator>
#include <utility>

namespace tram::kafka {

AdaptiveProducer::AdaptiveProducer(std::unique_ptr<Producer> eager, Make make_patient,
                                   Clock const& clock)
    : eager_{std::move(eager)}, make_patient_{std::move(make_patient)}, clock_{clock} {
  news_.add(eager_->descriptor());
}

bool AdaptiveProducer::submit(RecordView const& record, Sequence sequence) {
  changing_ = changing_ || wants_change();
  if (changing_) {
    if (open_ > 0) return false;
    change();
  }
  if (!current_->submit(record, sequence)) return false;
  ++open_;
  return true;
}

bool AdaptiveProducer::wants_change() {
  if (current_ == eager_.get()) return open_ >= many;
  auto const now = clock_.steady();
  if (open_ >= few) busy_at_ = now;
  return now - busy_at_ >= calm;
}

void AdaptiveProducer::change() {
  if (!patient_) {
    patient_ = make_patient_();
    news_.add(patient_->descriptor());
  }
  current_ = current_ == eager_.get() ? patient_.get() : eager_.get();
  busy_at_ = clock_.steady();
  changing_ = false;
}

/// The one without records may still tell of its connection.
std::vector<Completion> AdaptiveProducer::completions() {
  auto completions = eager_->completions();
  if (patient_) {
    auto others = patient_->completions();
    completions.insert(completions.end(), std::move_iterator{others.begin()},
                       std::move_iterator{others.end()});
  }
  open_ -= completions.size();
  return completions;
}

}  // namespace tram::kafka
