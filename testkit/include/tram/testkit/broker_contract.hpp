#pragma once

#include <gtest/gtest.h>

#include "tram/testkit/channel_contract.hpp"
#include "tram/testkit/consumer_contract.hpp"
#include "tram/testkit/consumer_group_contract.hpp"
#include "tram/testkit/producer_contract.hpp"

// What every broker must do, sentence by sentence of the seam's headers. A driver proves itself
// with a harness:
//
//   struct MyHarness {
//     // The deadline of anything that is waited for.
//     static constexpr tram::Duration patience{…};
//     // A member that polls has stored its acknowledgements after this long.
//     static constexpr tram::Duration stored_within{…};
//     // A value of so many bytes is refused; 0 where there is no limit to test.
//     static constexpr std::size_t refused_bytes{…};
//     // A window is full after so many records at most.
//     static constexpr std::size_t window_max{…};
//     tram::Broker& broker();
//     tram::Clock& clock();  // the machine's
//   };
//
// and, within namespace tram::testkit,
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(MyBroker, ProducerContract, MyHarness);
//   INSTANTIATE_TYPED_TEST_SUITE_P(MyBroker, ChannelContract, MyHarness);
//   INSTANTIATE_TYPED_TEST_SUITE_P(MyBroker, ConsumerContract, MyHarness);
//   INSTANTIATE_TYPED_TEST_SUITE_P(MyBroker, ConsumerGroupContract, MyHarness);
//
// One harness is made per test. Channels and groups get names that no other run has used, so that
// a server can be shared.
