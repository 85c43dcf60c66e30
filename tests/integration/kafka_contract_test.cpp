#include "kafka_harness.hpp"
#include "tram/testkit/broker_contract.hpp"

namespace tram::testkit {

using Range = tram::testing::KafkaHarness<kafka::Assignment::range>;
INSTANTIATE_TYPED_TEST_SUITE_P(Kafka, BrokerContract, Range);

}  // namespace tram::testkit
