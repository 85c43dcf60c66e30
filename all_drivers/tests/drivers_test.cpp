#include "tram/connect/drivers.hpp"

#include <gtest/gtest.h>

#include "tram/all_drivers.hpp"
#include "tram/base/error.hpp"
#include "tram/connect/broker.hpp"
#include "tram/connect/database.hpp"
#include "tram/embedded/kit.hpp"
#include "tram/sqlite/kit.hpp"

namespace tram::connect {
namespace {

Drivers few() {
  Drivers drivers{sqlite::kit, embedded::memory_kit};
  drivers.brokers_left_out.emplace_back("kafka");
  return drivers;
}

std::string refusal_of(std::string_view broker_url) {
  try {
    broker(broker_url, few(), Runtime{});
  } catch (Error const& error) { return error.what(); }
  return "";
}

TEST(FewDrivers, are_all_that_a_url_can_choose) {
  EXPECT_NE(broker("memory:", few(), Runtime{}), nullptr);
  EXPECT_EQ(refusal_of("embedded:a.db"), "url: no broker has URLs that begin with 'embedded:'; "
                                         "there are memory:, kafka: (not built)");
  EXPECT_THROW(database("postgresql://h/d", few(), Runtime{}), Error);
}

TEST(FewDrivers, are_named_where_they_are_used) {
  EXPECT_NE(broker("memory:", {embedded::kit, embedded::memory_kit}, Runtime{}), nullptr);
  EXPECT_EQ(database_kit("sqlite", {sqlite::kit}), &sqlite::kit);
  EXPECT_EQ(database_kit("sqlite", {}), nullptr);
}

TEST(FewDrivers, tell_what_could_have_been_built) {
  EXPECT_NE(refusal_of("kafka://h:1").find("is not built into this program"), std::string::npos);
}

TEST(AllDrivers, have_a_scheme_of_their_own_each) {
  auto const all = all_drivers();
  for (auto const* kit : all.databases) EXPECT_EQ(database_kit(kit->scheme, all), kit);
  EXPECT_EQ(database_kit("sqlite", all), &sqlite::kit);
  EXPECT_EQ(database_kit("postgres", all), database_kit("postgresql", all));
  EXPECT_EQ(database_kit("", all), nullptr);
}

}  // namespace
}  // namespace tram::connect
