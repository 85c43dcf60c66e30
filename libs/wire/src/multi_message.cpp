#include "tram/wire/multi_message.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>

#include "tram/base/error.hpp"
#include "utf8.hpp"

namespace tram {
namespace {

constexpr std::string_view magic{"a8c79db675e14c4cbf1eb77d0d6d0f00"};
constexpr std::size_t group_count_max = 65534;
constexpr std::size_t text_size_max = 1'073'741'824;
constexpr std::size_t number_size = 4;
constexpr std::size_t utf16_unit_size = 3;

class Writer {
 public:
  void root() {
    out_.append(magic);
    number16(0);  // bytes in the root block
    number16(1);  // template
    number16(1);  // schema
    number16(0);  // version
  }

  void group(std::size_t count) {
    if (count > group_count_max)
      reject(std::to_string(count) + " entries in a group", "at most 65534");
    number16(0);  // bytes in each entry's block
    number16(static_cast<std::uint16_t>(count));
  }

  void text(std::string_view text) {
    if (text.size() > text_size_max)
      reject("a text of " + std::to_string(text.size()) + " bytes", "at most 1 GiB");
    auto const size = static_cast<std::uint32_t>(text.size());
    number16(static_cast<std::uint16_t>(size & 0xFFFFU));
    number16(static_cast<std::uint16_t>(size >> 16U));
    out_.append(text);
  }

  void headers(std::vector<Header> const& headers) {
    group(headers.size());
    for (auto const& header : headers) {
      text(header.name);
      text(header.value);
    }
  }

  std::string take() { return std::move(out_); }

 private:
  [[noreturn]] static void reject(std::string const& what, std::string const& limit) {
    throw Error{Fault::rejected,
                "multi-message: cannot encode " + what + "; the format takes " + limit};
  }

  void number16(std::uint16_t value) {
    out_.push_back(static_cast<char>(value & 0xFFU));
    out_.push_back(static_cast<char>(value >> 8U));
  }

  std::string out_;
};

struct Group {
  std::size_t block_size;
  std::size_t count;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_{bytes}, rest_{bytes} {}

  void root() {
    take(magic.size(), "the magic");
    auto const block_size = number16("the root's block length");
    take(3 * sizeof(std::uint16_t), "the template, schema and version");
    take(block_size, "the root block");
  }

  Group group(char const* what) {
    auto const block_size = number16(what);
    auto const count = number16(what);
    return {.block_size = block_size, .count = count};
  }

  void block(Group const& group) { take(group.block_size, "a block"); }

  std::string text(char const* what) {
    std::uint32_t const low = number16(what);
    std::uint32_t const high = number16(what);
    return std::string{take(low | high << 16U, what)};
  }

  std::vector<Header> headers() {
    auto const group = this->group("a group of headers");
    std::vector<Header> headers;
    for (std::size_t i = 0; i < group.count; ++i) {
      block(group);
      auto name = text("a header's name");
      headers.push_back({.name = std::move(name), .value = text("a header's value")});
    }
    return headers;
  }

 private:
  std::string_view take(std::size_t size, char const* what) {
    if (size > rest_.size()) {
      throw Error{Fault::malformed, "multi-message: " + std::string{what} + " at byte " +
                                        std::to_string(bytes_.size() - rest_.size()) + " needs " +
                                        std::to_string(size) + " bytes, " +
                                        std::to_string(rest_.size()) +
                                        " are left; the record was cut or is no multi-message"};
    }
    auto const taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::uint16_t number16(char const* what) {
    auto const bytes = take(sizeof(std::uint16_t), what);
    auto const byte = [&](std::size_t at) {
      return static_cast<unsigned>(static_cast<unsigned char>(bytes[at]));
    };
    return static_cast<std::uint16_t>(byte(0) | byte(1) << 8U);
  }

  std::string_view bytes_;
  std::string_view rest_;
};

std::size_t pair_size(std::string_view first, std::string_view second) {
  return 2 * number_size +
         utf16_unit_size * (utf8::utf16_length(first) + utf8::utf16_length(second));
}

std::size_t headers_size(std::vector<Header> const& headers) {
  return std::accumulate(headers.begin(), headers.end(), std::size_t{0},
                         [](std::size_t sum, Header const& header) {
                           return sum + pair_size(header.name, header.value);
                         });
}

}  // namespace

bool is_multi_message(std::string_view value) { return value.starts_with(magic); }

std::string encode_multi_message(MultiMessage const& batch) {
  Writer writer;
  writer.root();
  writer.headers(batch.headers);
  writer.group(batch.messages.size());
  for (auto const& entry : batch.messages) {
    writer.headers(entry.headers);
    writer.text(entry.key);
    writer.text(entry.value);
  }
  return writer.take();
}

MultiMessage decode_multi_message(std::string_view value) {
  if (!is_multi_message(value)) {
    throw Error{Fault::malformed,
                "multi-message: the value does not begin with " + std::string{magic}};
  }
  Reader reader{value};
  reader.root();
  MultiMessage batch{.headers = reader.headers(), .messages = {}};
  auto const group = reader.group("the group of messages");
  for (std::size_t i = 0; i < group.count; ++i) {
    reader.block(group);
    MultiMessageEntry entry{.headers = reader.headers(), .key = {}, .value = {}};
    entry.key = reader.text("a message's key");
    entry.value = reader.text("a message's value");
    batch.messages.push_back(std::move(entry));
  }
  return batch;
}

std::size_t multi_message_size(MultiMessageEntry const& entry) {
  return pair_size(entry.key, entry.value) + number_size + headers_size(entry.headers);
}

std::size_t multi_message_size(MultiMessage const& batch) {
  return std::accumulate(batch.messages.begin(), batch.messages.end(), headers_size(batch.headers),
                         [](std::size_t sum, MultiMessageEntry const& entry) {
                           return sum + multi_message_size(entry);
                         });
}

}  // namespace tram
