#pragma once

#include <string>
#include <string_view>

#include "tram/base/error.hpp"
#include "tram/json/json.hpp"
#include "tram/wire/wire_type.hpp"

#pragma GCC visibility push(default)

/// Fails unless `value` is written exactly as the golden file says, under the same name, and the
/// file is read back as the same value. What other services read never changes by accident:
///
///     TEST(OrderPlaced, is_frozen_on_the_wire) {
///       TRAM_EXPECT_WIRE_FROZEN(OrderPlaced{.total = {1234}}, FROZEN "/order_placed.txt");
///     }
///
/// The file, best given with its folder by a compile definition, has the type's name on the wire,
/// its version where it has one, and the payload. A run with TRAM_FREEZE_WIRE=1 in the environment
/// writes files that are missing, and never changes one that is there.
#define TRAM_EXPECT_WIRE_FROZEN(value, file) \
  EXPECT_EQ(::tram::testkit::difference_from_frozen_wire((value), (file)), "")

namespace tram::testkit {

/// A type's name and version on the wire.
struct FrozenType {
  std::string_view name;
  /// 0 for types without versions.
  int version{};
};

/// The payload in the golden file, after its first line was compared; sets `difference` when the
/// file is missing.
struct FrozenPayload {
  std::string payload;
  std::string difference;
};
FrozenPayload frozen_payload(FrozenType const& type, std::string const& payload,
                             std::string const& file);

/// Empty when all is as frozen; otherwise what differs, and what to do.
template <class T>
std::string difference_from_frozen_wire(T const& value, std::string const& file) {
  FrozenType type{.name = wire_names<T>[0]};
  if constexpr (requires { T::wire_version; }) type.version = T::wire_version;
  auto const written = json::encode(value);
  auto const frozen = frozen_payload(type, written, file);
  if (!frozen.difference.empty()) return frozen.difference;
  if (frozen.payload != written)
    return "written is now " + written + ", frozen is " + frozen.payload +
           "; services that read the frozen form would not read this";
  try {
    auto const again = json::encode(json::decode<T>(frozen.payload));
    return again == written ? "" : "read back it is " + again + ", frozen is " + frozen.payload;
  } catch (Error const& error) {
    return "the frozen form cannot be read: " + std::string{error.what()};
  }
}

}  // namespace tram::testkit

#pragma GCC visibility pop
