#include "tram/service/asyncapi.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "tram/base/json_text.hpp"
#include "tram/wire/header_names.hpp"

namespace tram {
namespace {

constexpr std::string_view envelope{
    "Each record is the JSON object {\"payload\":\"…\",\"headers\":{…}}: the payload as text, the "
    "headers as text by name. Headers and payloads below are those of the message inside it."};

/// Finished JSON by name, in the order in which it was added.
using Members = std::vector<std::pair<std::string, std::string>>;

std::string text(std::string_view value) {
  std::string json;
  json::append_string(json, value);
  return json;
}

std::string object(Members const& members) {
  std::string json;
  for (auto const& [name, value] : members) {
    json.append(json.empty() ? "" : ",").append(text(name)).append(":").append(value);
  }
  return "{" + json + "}";
}

std::string array(std::vector<std::string> const& elements) {
  std::string json;
  for (auto const& element : elements) json.append(json.empty() ? "" : ",").append(element);
  return "[" + json + "]";
}

std::string reference(std::string const& path) { return object({{"$ref", text("#/" + path)}}); }

/// Names in documents have fewer letters than those on the wire.
std::string legal(std::string_view name) {
  std::string result{name};
  std::ranges::replace_if(
      result,
      [](char letter) {
        return !((letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
                 (letter >= '0' && letter <= '9') || letter == '.' || letter == '-' ||
                 letter == '_');
      },
      '_');
  return result;
}

/// Things with names of their own, each there once.
template <class Thing>
class Catalogue {
 public:
  /// The name of an equal thing that is there already, or a new one.
  std::string name_of(std::string const& wanted, Thing thing) {
    for (int number = 1;; ++number) {
      auto name = number == 1 ? wanted : wanted + "_" + std::to_string(number);
      auto const there = std::ranges::find(entries_, name, &Entry::first);
      if (there != entries_.end() && there->second != thing) continue;
      if (there == entries_.end()) entries_.emplace_back(name, std::move(thing));
      return name;
    }
  }
  using Entry = std::pair<std::string, Thing>;
  [[nodiscard]] std::vector<Entry> const& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
};

void add_once(std::vector<std::string>& names, std::string const& name) {
  if (std::ranges::find(names, name) == names.end()) names.push_back(name);
}

std::string headers_schema(std::vector<HeaderDescription> const& headers) {
  Members properties{{"ID", object({{"type", text("string")}})}};
  std::vector<std::string> required{text("ID")};
  for (auto const& header : headers) {
    Members property{{"type", text("string")}};
    if (!header.value.empty()) property.emplace_back("const", text(header.value));
    properties.emplace_back(header.name, object(property));
    required.push_back(text(header.name));
  }
  return object({{"type", text("object")},
                 {"properties", object(properties)},
                 {"required", array(required)}});
}

std::string message_json(PayloadDescription const& payload,
                         std::vector<HeaderDescription> const& headers) {
  Members message;
  if (!payload.type.empty()) message.emplace_back("name", text(payload.type));
  message.emplace_back("contentType", text("application/json"));
  message.emplace_back("headers", headers_schema(headers));
  if (!payload.schema.empty()) message.emplace_back("payload", payload.schema);
  return object(message);
}

class Document {
 public:
  explicit Document(ServiceDescription const& description) : description_{description} {
    for (auto const& message : description.messages) add(message);
  }

  [[nodiscard]] std::string json() const {
    return object({{"asyncapi", text("3.0.0")},
                   {"info", object({{"title", text(description_.name)},
                                    {"version", text(description_.version)},
                                    {"description", text(envelope)}})},
                   {"defaultContentType", text("application/json")},
                   {"channels", channels_json()},
                   {"operations", operations_json()},
                   {"components", object({{"messages", object(messages_.entries())}})}}) +
           "\n";
  }

 private:
  struct Channel {
    std::string id;
    /// JSON.
    std::string address;
    std::vector<std::string> messages{};
  };
  struct Operation {
    std::string id;
    std::string action;
    std::string channel_id;
    std::vector<std::string> messages{};
    std::string reply_to_header{};
    std::string reply_channel_id{};
    std::vector<std::string> replies{};
  };

  void add(MessageDescription const& description) {
    bool const sends = description.direction == MessageDescription::Direction::sends;
    auto const type =
        description.payload.type.empty() ? description.channel + ".any" : description.payload.type;
    auto const message =
        messages_.name_of(legal(type), message_json(description.payload, description.headers));
    auto const channel = channel_ids_.name_of(legal(description.channel), description.channel);
    add_once(channel_of(channel, text(description.channel)).messages, message);
    auto const verb = std::string{sends ? "send" : "receive"};
    auto& operation =
        operation_of(description.operation.empty() ? verb + "-" + description.channel + "-" + type
                                                   : description.operation,
                     verb, channel);
    add_once(operation.messages, message);
    operation.reply_to_header = description.reply_to_header;
    for (auto const& reply : description.replies) add_reply(operation, reply);
  }

  /// Where replies go stands in the message: their channel has no address here.
  void add_reply(Operation& operation, PayloadDescription const& reply) {
    auto const message = messages_.name_of(
        legal(reply.type),
        message_json(reply, {{.name = std::string{header::reply_type}, .value = reply.type},
                             {.name = std::string{header::reply_outcome}, .value = {}}}));
    operation.reply_channel_id = operation.id + ".replies";
    add_once(operation.replies, message);
    add_once(channel_of(operation.reply_channel_id, "null").messages, message);
  }

  Channel& channel_of(std::string const& id, std::string const& address) {
    auto const there = std::ranges::find(channels_, id, &Channel::id);
    if (there != channels_.end()) return *there;
    return channels_.emplace_back(Channel{.id = id, .address = address});
  }

  Operation& operation_of(std::string const& name, std::string const& action,
                          std::string const& channel_id) {
    auto const id = operation_ids_.name_of(legal(name), std::pair{action, channel_id});
    auto const there = std::ranges::find(operations_, id, &Operation::id);
    if (there != operations_.end()) return *there;
    return operations_.emplace_back(
        Operation{.id = id, .action = action, .channel_id = channel_id});
  }

  [[nodiscard]] std::string channels_json() const {
    Members members;
    for (auto const& channel : channels_) {
      Members messages;
      for (auto const& message : channel.messages) {
        messages.emplace_back(message, reference("components/messages/" + message));
      }
      members.emplace_back(channel.id,
                           object({{"address", channel.address}, {"messages", object(messages)}}));
    }
    return object(members);
  }

  [[nodiscard]] std::string operations_json() const {
    Members members;
    for (auto const& operation : operations_) {
      Members content{{"action", text(operation.action)},
                      {"channel", reference("channels/" + operation.channel_id)},
                      {"messages", references(operation.channel_id, operation.messages)}};
      if (!operation.reply_to_header.empty()) content.emplace_back("reply", reply_json(operation));
      members.emplace_back(operation.id, object(content));
    }
    return object(members);
  }

  [[nodiscard]] static std::string reply_json(Operation const& operation) {
    Members reply{
        {"address", object({{"location", text("$message.header#/" + operation.reply_to_header)}})}};
    if (!operation.replies.empty()) {
      reply.emplace_back("channel", reference("channels/" + operation.reply_channel_id));
      reply.emplace_back("messages", references(operation.reply_channel_id, operation.replies));
    }
    return object(reply);
  }

  [[nodiscard]] static std::string references(std::string const& channel,
                                              std::vector<std::string> const& messages) {
    std::vector<std::string> result;
    for (auto const& message : messages) {
      result.push_back(reference("channels/" + channel + "/messages/" + message));
    }
    return array(result);
  }

  ServiceDescription const& description_;
  Catalogue<std::string> messages_;
  Catalogue<std::string> channel_ids_;
  Catalogue<std::pair<std::string, std::string>> operation_ids_;
  std::vector<Channel> channels_;
  std::vector<Operation> operations_;
};

}  // namespace

std::string asyncapi(ServiceDescription const& description) { return Document{description}.json(); }

}  // namespace tram
