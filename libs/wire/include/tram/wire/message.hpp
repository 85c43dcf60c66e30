#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(default)

namespace tram {

/// One header of a message.
struct Header {
  std::string name;
  std::string value;
  friend bool operator==(Header const&, Header const&) = default;
};

/// The headers of a message: text by name. Names are case-sensitive and unique; the order in which
/// they were first set is kept for writing and has no meaning, so two equal sets of headers are
/// equal in any order.
///
/// A flat vector, because messages carry about ten headers. A value; nothing here waits.
///
///     message.headers.set("tenant", "blue");
///     auto const tenant = message.headers.find("tenant");
class Headers {
 public:
  Headers() = default;
  /// As if each had been set in turn: of equal names the last value wins, at the place of the
  /// first.
  Headers(std::initializer_list<Header> headers);
  /// The same, in less than quadratic time however many there are: for bytes from outside.
  explicit Headers(std::vector<Header> headers);

  /// Adds the header, or replaces its value and leaves it where it is.
  Headers& set(std::string_view name, std::string value);
  /// Removes the header; absent is fine.
  void erase(std::string_view name);
  void reserve(std::size_t count);

  /// The value, valid until these headers change; nothing when absent.
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  /// The value, valid until these headers change. Absent: malformed, naming the header.
  [[nodiscard]] std::string const& require(std::string_view name) const;
  [[nodiscard]] bool contains(std::string_view name) const { return find(name).has_value(); }

  [[nodiscard]] std::size_t size() const { return headers_.size(); }
  [[nodiscard]] bool empty() const { return headers_.empty(); }
  [[nodiscard]] auto begin() const { return headers_.begin(); }
  [[nodiscard]] auto end() const { return headers_.end(); }

  /// Equal as sets: the order does not count.
  friend bool operator==(Headers const& left, Headers const& right);

 private:
  [[nodiscard]] Header const* entry(std::string_view name) const;

  std::vector<Header> headers_;
};

/// A payload (by convention JSON text, never read on its way) and its headers.
struct Message {
  Headers headers;
  std::string payload;

  /// Header `ID`; absent: malformed.
  [[nodiscard]] std::string const& id() const;
  /// Header `DESTINATION`, the channel it was sent to; absent: malformed.
  [[nodiscard]] std::string const& destination() const;
  /// Header `PARTITION_ID`: messages with the same one keep their order. Nothing when absent.
  [[nodiscard]] std::optional<std::string_view> partition_key() const;
  /// Header `DATE` as it was written (see `http_date.hpp`). Nothing when absent.
  [[nodiscard]] std::optional<std::string_view> date() const;

  friend bool operator==(Message const&, Message const&) = default;
};

}  // namespace tram

#pragma GCC visibility pop
