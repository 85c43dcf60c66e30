#include "kafka_harness.hpp"
#include "tram/testkit/broker_contract.hpp"

namespace tram::testkit {

using CooperativeSticky = tram::testing::KafkaHarness<kafka::Assignment::cooperative_sticky>;
INSTANTIATE_TYPED_TEST_SUITE_P(KafkaCooperative, BrokerContract, CooperativeSticky);

}  // namespace tram::testkit
