#include "kafka_harness.hpp"
#include "tram/testkit/broker_contract.hpp"

namespace tram::testkit {

INSTANTIATE_TYPED_TEST_SUITE_P(Kafka, ProducerContract, tram::testing::KafkaHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Kafka, ChannelContract, tram::testing::KafkaHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Kafka, ConsumerContract, tram::testing::KafkaHarness);
INSTANTIATE_TYPED_TEST_SUITE_P(Kafka, ConsumerGroupContract, tram::testing::KafkaHarness);

}  // namespace tram::testkit
