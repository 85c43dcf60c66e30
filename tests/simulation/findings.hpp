#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tram::simulation {

/// What a run has broken.
struct Finding {
  enum class Kind : std::uint8_t {
    /// A committed message was not published, or not handled.
    lost,
    /// Something was published or handled that nobody committed.
    phantom,
    /// An effect stands twice in the database.
    repeated,
    /// Records of one key, by first occurrences, or effects of one key are not in commit order.
    disordered,
    /// Old rows that are done are not removed.
    kept,
    /// Something is held still, after all was cured and retried.
    held,
    /// Inbox or positions do not fit to what was handled.
    inconsistent,
    /// Messages that nothing is wrong with wait for others.
    starved,
    /// The world does not come to rest.
    restless,
  };
  Kind kind{};
  std::string what;
};

using Findings = std::vector<Finding>;

std::string_view to_string(Finding::Kind kind);
/// `lost: 17 is not published`
std::string to_string(Finding const& finding);

}  // namespace tram::simulation
