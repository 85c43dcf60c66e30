#include "kafka_harness.hpp"
#include "tram/testkit/broker_contract.hpp"

namespace tram::testkit {

INSTANTIATE_TYPED_TEST_SUITE_P(Kafka, BrokerContract, tram::testing::KafkaHarness);

}  // namespace tram::testkit
