#include "tram/json/value.hpp"

#include <algorithm>

namespace tram {
namespace json {
namespace {

void write(Writer& writer, std::nullptr_t) { writer.null(); }
void write(Writer& writer, bool value) { writer.boolean(value); }
void write(Writer& writer, Number const& value) { writer.number(value.text); }
void write(Writer& writer, std::string const& value) { writer.string(value); }

void write(Writer& writer, Value::Array const& elements) {
  writer.begin_array();
  for (auto const& element : elements) {
    writer.element();
    JsonCodec<Value>::encode(writer, element);
  }
  writer.end_array();
}

void write(Writer& writer, Value::Object const& members) {
  writer.begin_object();
  for (auto const& member : members) {
    writer.member(member.name);
    JsonCodec<Value>::encode(writer, member.value);
  }
  writer.end_object();
}

Value::Array read_array(Reader& reader) {
  Value::Array elements;
  reader.enter_array();
  while (reader.next_element()) elements.push_back(JsonCodec<Value>::decode(reader));
  return elements;
}

Value::Object read_object(Reader& reader) {
  Value::Object members;
  reader.enter_object();
  while (auto const name = reader.next_member()) {
    members.push_back(Member{std::string{*name}, JsonCodec<Value>::decode(reader)});
  }
  return members;
}

Value::Content read_content(Reader& reader) {
  switch (reader.kind()) {
    case Kind::boolean: return reader.boolean();
    case Kind::number: return Number{std::string{reader.number()}};
    case Kind::string: return std::string{reader.string()};
    case Kind::array: return read_array(reader);
    case Kind::object: return read_object(reader);
    case Kind::null: break;
  }
  reader.null();
  return nullptr;
}

}  // namespace

Value const* Value::find(std::string_view name) const {
  auto const* const members = std::get_if<Object>(&content_);
  if (members == nullptr) return nullptr;
  auto const found = std::find_if(members->rbegin(), members->rend(),
                                  [&](Member const& member) { return member.name == name; });
  return found == members->rend() ? nullptr : &found->value;
}

bool operator==(Value const& left, Value const& right) { return left.content_ == right.content_; }

}  // namespace json

void JsonCodec<json::Value>::encode(json::Writer& writer, json::Value const& value) {
  std::visit([&](auto const& content) { json::write(writer, content); }, value.content());
}

json::Value JsonCodec<json::Value>::decode(json::Reader& reader) {
  return json::Value{json::read_content(reader)};
}

}  // namespace tram
