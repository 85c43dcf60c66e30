#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tram/commands/detail/describe_command.hpp"
#include "tram/commands/endpoint.hpp"
#include "tram/messaging/message_description.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Says, for documents, that a service sends the commands of an endpoint, and is answered:
/// `service.add(tram::sends(customers::service))`. `operation` names what sends them.
template <class... Taken>
std::vector<MessageDescription> sends(Endpoint<Taken...> const& endpoint,
                                      std::string_view operation = {}) {
  std::string const name = "send." + std::string{endpoint.channel.name};
  auto const describe = [&]<class C>() {
    return detail::describe_command(
        MessageDescription::Direction::sends, endpoint.channel.name, describe_payload<C>(),
        (operation.empty() ? name : std::string{operation}) + "." + std::string{wire_names<C>[0]},
        detail::describe_answers<C>());
  };
  return { describe.template operator()<Taken>()... };
}

}  // namespace tram

#pragma GCC visibility pop
