#include "tram/testkit/frozen_wire.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

using tram::testkit::difference_from_frozen_wire;

struct Placed {
  static constexpr tram::WireType wire_type{"orders.Placed"};
  std::int32_t total{};
};
struct PlacedLater {
  static constexpr tram::WireType wire_type{"orders.Placed"};
  static constexpr int wire_version = 2;
  std::int32_t total{};
};
struct Renamed {
  static constexpr tram::WireType wire_type{"orders.Made"};
  std::int32_t total{};
};
struct FrozenWire : ::testing::Test {
  std::string folder = make_folder();
  std::string file = folder + "/deep/placed.txt";

  static std::string make_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "tram-frozen-XXXXXX").string();
    return ::mkdtemp(name.data());
  }
  void write(std::string const& text) const {
    std::filesystem::create_directories(folder + "/deep");
    std::ofstream{file} << text;
  }
  ~FrozenWire() override { std::filesystem::remove_all(folder); }
};

TEST_F(FrozenWire, is_content_with_what_is_as_frozen) {
  write("orders.Placed\n{\"total\":3}\n");
  TRAM_EXPECT_WIRE_FROZEN(Placed{3}, file);
}

TEST_F(FrozenWire, tells_what_is_written_otherwise) {
  write("orders.Placed\n{\"total\":3}\n");
  EXPECT_EQ(difference_from_frozen_wire(Placed{4}, file),
            "written is now {\"total\":4}, frozen is {\"total\":3}; services that read the frozen "
            "form would not read this");
}

TEST_F(FrozenWire, tells_that_the_name_or_version_is_another) {
  write("orders.Placed\n{\"total\":3}\n");
  EXPECT_TRUE(difference_from_frozen_wire(Renamed{3}, file)
                  .starts_with("the type is now 'orders.Made' on the wire, frozen is "
                               "'orders.Placed'"));
  EXPECT_TRUE(difference_from_frozen_wire(PlacedLater{3}, file)
                  .starts_with("the type is now 'orders.Placed 2'"));
}

TEST_F(FrozenWire, freezes_what_is_missing_when_asked_to_and_changes_nothing_that_is_there) {
  EXPECT_TRUE(difference_from_frozen_wire(Placed{3}, file).starts_with("nothing is frozen in '"));
  ::setenv("TRAM_FREEZE_WIRE", "1", 1);
  EXPECT_EQ(difference_from_frozen_wire(PlacedLater{3}, file), "");
  EXPECT_NE(difference_from_frozen_wire(PlacedLater{4}, file), "");
  ::unsetenv("TRAM_FREEZE_WIRE");
  EXPECT_EQ(difference_from_frozen_wire(PlacedLater{3}, file), "");
}

}  // namespace
