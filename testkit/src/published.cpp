#include "tram/testkit/published.hpp"

#include <algorithm>

#include "tram/base/error.hpp"

namespace tram::testkit {
namespace {

std::string quoted(std::string const& text) { return "'" + text + "'"; }

}  // namespace

std::string difference(std::vector<PublishedMessage> const& published,
                       std::vector<std::string> const& payloads) {
  auto const common = std::min(published.size(), payloads.size());
  for (std::size_t i = 0; i < common; ++i) {
    auto const& payload = published[i].message.payload;
    if (payload == payloads[i]) continue;
    return "message " + std::to_string(i + 1) + " is " + quoted(payload) + ", expected was " +
           quoted(payloads[i]);
  }
  if (published.size() < payloads.size()) {
    return "after " + std::to_string(common) + " messages " + quoted(payloads[common]) +
           " is missing";
  }
  if (published.size() == payloads.size()) return "";
  return "after " + std::to_string(common) + " messages " +
         quoted(published[common].message.payload) + " was not expected";
}

void require_published(std::vector<PublishedMessage> const& published,
                       std::vector<std::string> const& payloads) {
  auto const what = difference(published, payloads);
  if (!what.empty()) throw Error{Fault::rejected, "testkit: published is not as expected: " + what};
}

}  // namespace tram::testkit
