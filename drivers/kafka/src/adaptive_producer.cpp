#include "adaptive_producer.hpp"

#include <exception>
#include <iterator>
#include <system_error>
#include <thread>
#include <utility>

namespace tram::kafka {

AdaptiveProducer::AdaptiveProducer(std::unique_ptr<Producer> eager, Make make_patient,
                                   Clock const& clock, Logger const& logger)
    : eager_{std::move(eager)},
      make_patient_{std::move(make_patient)},
      clock_{clock},
      logger_{logger} {
  news_.add(eager_->descriptor());
}

/// Each may wait for its client's threads for as long as a stop can bear.
AdaptiveProducer::~AdaptiveProducer() {
  if (!patient_) return;
  try {
    std::jthread const other{[this] { patient_.reset(); }};
    eager_.reset();
  } catch (std::system_error const& error) {
    logger_.warning("kafka.no_thread", {{"client", "producer"}, {"what", error.what()}});
  }
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
  bool const is_eager = current_ == eager_.get();
  if (is_eager && open_ < many) return false;
  auto const now = clock_.steady();
  if (is_eager) return now >= make_at_;
  if (open_ >= few) busy_at_ = now;
  return now - busy_at_ >= calm;
}

void AdaptiveProducer::change() {
  changing_ = false;
  bool const is_eager = current_ == eager_.get();
  if (is_eager && !has_patient()) return;
  current_ = is_eager ? patient_.get() : eager_.get();
  busy_at_ = clock_.steady();
}

/// The eager one sends everything, only less of it at once.
bool AdaptiveProducer::has_patient() {
  if (patient_) return true;
  make_at_ = clock_.steady() + make_again_after;
  try {
    auto patient = make_patient_();
    news_.add(patient->descriptor());
    patient_ = std::move(patient);
  } catch (std::exception const& error) {
    logger_.warning("kafka.one_client",
                    {{"why", error.what()},
                     {"what", "no second client for large batches: records are published with one, "
                              "in smaller batches"}});
  }
  return patient_ != nullptr;
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
