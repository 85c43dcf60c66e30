#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>

#include "gaps.hpp"
#include "landmark.hpp"
#include "offset.hpp"
#include "tram/base/time.hpp"

namespace tram::kafka {

/// The way of a reader through one partition, by which it notices that the partition has become
/// another topic's: it goes back to a record that it knows, and finds another one. Pure.
class Trail {
 public:
  /// Of records that were given and not acknowledged. Beyond it the oldest are forgotten.
  static constexpr std::size_t known_max{65'536};

  /// Nothing is known of what is stored.
  Trail() = default;
  /// What is stored, and what is noted beside it.
  Trail(Offset stored, std::optional<Landmark> noted);

  /// From the end of the log on, for a reader of which nothing is stored. It learns the record
  /// before by reading it.
  static Trail from_end(Offset end);

  /// Where the log is to be read from: at the landmark, where there is one for the position.
  [[nodiscard]] Offset begin() const { return expected_; }

  enum class Step : std::uint8_t {
    /// A record that was not given yet.
    news,
    /// One that was.
    known,
    /// Another record is where a known one was, or positions begin anew: it is another topic.
    foreign,
  };
  struct Taken {
    Step step{};
    /// The record that was looked for is there: up to here it is the same topic.
    bool found{};
    /// It is not there any more, so that nothing can be said.
    bool missed{};
    std::optional<Gaps::Gap> gap{};
  };
  /// The next record of the log.
  Taken take(Landmark const& record);

  /// Everything before `next` is done.
  void acknowledge(Offset next);
  /// To be noted beside this position.
  [[nodiscard]] std::optional<Landmark> landmark_for(Offset stored) const;

  /// A position was stored. Whether it went to the topic that was read is not known until somebody
  /// looks back.
  void stored() { unproved_ = true; }
  /// What comes next may be of another topic: the record before it is to be looked for, though it
  /// is given already. False where none is known.
  bool suspect();
  [[nodiscard]] bool wants_to_look_back() const { return unproved_ && last_ && !sought_; }
  /// Until when the topic is known to be the same one, of a reader to which a record was given and
  /// the coordinator gave its word at these times. Its word proves nothing between a store and the
  /// look back: the store may have been made to the topic that came meanwhile.
  [[nodiscard]] SteadyTime sure_until(SteadyTime given, SteadyTime word) const {
    return wants_to_look_back() ? given : std::max(given, word);
  }
  /// The record to go back to, of which the log is to be read again. Only where wanted.
  Offset look_back();
  /// Whether it still waits for the record that it looks for.
  [[nodiscard]] bool waits() const { return sought_ && !is_within_; }
  /// The log has no record from here on: false when it had one, so that it is another topic.
  [[nodiscard]] bool ends_at(Offset end);

 private:
  /// The log gives no record before this one; below 0 where that is not known.
  Offset expected_{-1};
  /// One past the last that was given.
  Offset next_{-1};
  std::optional<Landmark> sought_;
  /// The log ends behind the position of that.
  bool is_within_{};
  bool unproved_{};
  std::optional<Landmark> last_;
  /// The last one before something happened.
  std::optional<Landmark> suspected_;
  /// Given, and not acknowledged.
  std::deque<Landmark> open_;
  /// The last one that is acknowledged.
  std::optional<Landmark> done_;
};

}  // namespace tram::kafka
