#pragma once

#include <string>
#include <vector>

#include "tram/wire/message.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// A message as the broker got it.
struct PublishedMessage {
  std::string channel;
  std::string key;
  Message message;
};

/// Compares payloads with what is expected, in order, and returns the first difference as a
/// sentence; empty when they are equal. For any test framework: `EXPECT_EQ(difference(…), "")`.
std::string difference(std::vector<PublishedMessage> const& published,
                       std::vector<std::string> const& payloads);

/// The same for programs without one. Throws: rejected, with the sentence.
void require_published(std::vector<PublishedMessage> const& published,
                       std::vector<std::string> const& payloads);

}  // namespace tram::testkit

#pragma GCC visibility pop
