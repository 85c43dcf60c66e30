#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "descriptor_set.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/log.hpp"
#include "tram/broker/producer.hpp"

namespace tram::kafka {

/// Sends each record at once while few are on their way, and in large batches while many are. A
/// client of librdkafka decides that once, by its `linger.ms`, so there are two of them. The second
/// one is made when it is needed first. A record goes to the other one only when nothing is on its
/// way, since the order of a key holds within one client.
class AdaptiveProducer final : public Producer {
 public:
  /// So many records on their way are better sent in batches.
  static constexpr std::size_t many{100};
  /// So few are better sent at once.
  static constexpr std::size_t few{16};
  /// After so much time with few.
  static constexpr Duration calm{std::chrono::milliseconds{20}};

  using Make = std::function<std::unique_ptr<Producer>()>;

  /// The pause before another attempt to make the second client, where the last one failed.
  static constexpr Duration make_again_after{std::chrono::seconds{10}};

  /// `clock` must outlive this.
  AdaptiveProducer(std::unique_ptr<Producer> eager, Make make_patient, Clock const& clock,
                   Logger const& logger);
  /// Ends both clients at once.
  ~AdaptiveProducer() override;
  AdaptiveProducer(AdaptiveProducer const&) = delete;
  AdaptiveProducer& operator=(AdaptiveProducer const&) = delete;

  bool submit(RecordView const& record, Sequence sequence) override;
  std::vector<Completion> completions() override;
  [[nodiscard]] int descriptor() const override { return news_.get(); }

 private:
  [[nodiscard]] bool wants_change();
  void change();
  /// Makes it where it is missing; false when it cannot be made now.
  [[nodiscard]] bool has_patient();

  DescriptorSet news_;
  std::unique_ptr<Producer> eager_;
  Make make_patient_;
  std::unique_ptr<Producer> patient_;
  Clock const& clock_;
  Logger logger_;
  Producer* current_{eager_.get()};
  /// The current one gets no more records.
  bool changing_{};
  /// When a second client may be made.
  SteadyTime make_at_{SteadyTime::min()};
  /// When many were on their way last.
  SteadyTime busy_at_{};
  /// Submitted, and not given back by `completions`.
  std::size_t open_{};
};

}  // namespace tram::kafka
