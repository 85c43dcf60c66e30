#pragma once

#include <map>
#include <optional>
#include <string>

#pragma GCC visibility push(default)

namespace tram {

/// All that is needed to answer a command later: to be stored as JSON, in the form that Java
/// services store: `{"replyHeaders":{…},"replyChannel":"…"}`.
struct ReplyToken {
  std::map<std::string, std::string> reply_headers;
  /// Nothing for a command that wants no reply.
  std::optional<std::string> reply_channel;
};

}  // namespace tram

#pragma GCC visibility pop
