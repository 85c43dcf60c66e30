#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tram/testkit/change_source_fixture.hpp"

#pragma GCC visibility push(default)

namespace tram::testkit {

/// For sources with a connection to a server, which can be cut: their harness has `void
/// cut_connections()`, too.
///
/// `INSTANTIATE_TYPED_TEST_SUITE_P(Mine, ConnectedChangeSourceContract, MyHarness);`
template <class Harness>
class ConnectedChangeSourceContract : public ChangeSourceFixture<Harness> {};

TYPED_TEST_SUITE_P(ConnectedChangeSourceContract);

TYPED_TEST_P(ConnectedChangeSourceContract, goes_on_behind_the_confirmed_position_when_it_is_cut) {
  auto const tail = this->source();
  this->look(*tail);
  this->commit({"1"});
  this->commit({"2"});
  auto const rows = this->read(*tail, 2);
  tail->confirm(rows.at(0).ends_at.value());
  this->harness_.cut_connections();
  this->commit({"3"});
  EXPECT_EQ(this->read_ids(*tail, 2), (std::vector<std::string>{"2", "3"}));
  EXPECT_GE(this->errors_, 1);
}

REGISTER_TYPED_TEST_SUITE_P(ConnectedChangeSourceContract,
                            goes_on_behind_the_confirmed_position_when_it_is_cut);

}  // namespace tram::testkit

#pragma GCC visibility pop
