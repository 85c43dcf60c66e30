#include "tram/connect/kits.hpp"

#include <gtest/gtest.h>

#include <array>

#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/connect/broker.hpp"
#include "tram/connect/database.hpp"
#include "tram/embedded/kit.hpp"
#include "tram/sqlite/kit.hpp"

namespace tram::connect {
namespace {

constexpr std::array<DatabaseKit const*, 1> databases{&sqlite::kit};
constexpr std::array<BrokerKit const*, 1> brokers{&embedded::memory_kit};
constexpr std::array<std::string_view, 1> kafka{"kafka"};
constexpr Kits few{.databases = databases, .brokers = brokers, .brokers_left_out = kafka};

class FewKits : public ::testing::Test {
 protected:
  std::string refusal_of(std::string_view broker_url) {
    try {
      broker(broker_url, {}, clock_, {}, few);
    } catch (Error const& error) { return error.what(); }
    return "";
  }

  SystemClock clock_;
  SystemRandom random_;
};

TEST_F(FewKits, are_all_that_a_url_can_choose) {
  EXPECT_NE(broker("memory:", {}, clock_, {}, few), nullptr);
  EXPECT_EQ(refusal_of("embedded:a.db"), "url: no broker has URLs that begin with 'embedded:'; "
                                         "there are memory:, kafka: (not built)");
  EXPECT_THROW(database("postgresql://h/d", {}, clock_, random_, Opening::existing, few), Error);
}

TEST_F(FewKits, tell_what_could_have_been_built) {
  EXPECT_NE(refusal_of("kafka://h:1").find("is not built into this program"), std::string::npos);
}

TEST(BuiltKits, have_a_scheme_of_their_own_each) {
  for (auto const* kit : built_kits().databases) EXPECT_EQ(database_kit(kit->scheme), kit);
  EXPECT_EQ(database_kit("sqlite"), &sqlite::kit);
  EXPECT_EQ(database_kit("postgres"), database_kit("postgresql"));
  EXPECT_EQ(database_kit(""), nullptr);
}

}  // namespace
}  // namespace tram::connect
