#include "faults.hpp"

#include <gtest/gtest.h>

#include <string>

namespace tram::kafka {
namespace {

TEST(KafkaFaults, blame_the_channel_for_what_concerns_all_of_its_records) {
  EXPECT_EQ(blame_of(RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC), Blame::channel);
  EXPECT_EQ(blame_of(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART), Blame::channel);
  EXPECT_EQ(blame_of(RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION), Blame::channel);
  EXPECT_EQ(blame_of(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED), Blame::channel);
}

TEST(KafkaFaults, blame_the_batch_for_what_a_broker_says_of_it_as_a_whole) {
  EXPECT_EQ(blame_of(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE), Blame::batch);
  EXPECT_EQ(blame_of(RD_KAFKA_RESP_ERR_INVALID_RECORD), Blame::batch);
}

TEST(KafkaFaults, finish_the_producer_for_everything_else) {
  EXPECT_EQ(blame_of(RD_KAFKA_RESP_ERR__TIMED_OUT), Blame::producer);
  EXPECT_EQ(blame_of(RD_KAFKA_RESP_ERR__FATAL), Blame::producer);
  EXPECT_EQ(blame_of(RD_KAFKA_RESP_ERR__PURGE_QUEUE), Blame::producer);
  EXPECT_EQ(blame_of(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER), Blame::producer);
  EXPECT_EQ(blame_of(RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED), Blame::producer);
}

TEST(KafkaFaults, reject_what_trying_again_cannot_help) {
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED), Fault::rejected);
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED), Fault::rejected);
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR__AUTHENTICATION), Fault::rejected);
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR), Fault::rejected);
}

TEST(KafkaFaults, ask_for_a_new_client_when_this_one_is_fenced) {
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR__FATAL), Fault::broken);
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR__FENCED), Fault::broken);
}

TEST(KafkaFaults, are_transient_while_the_cluster_is_away) {
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR__TRANSPORT), Fault::transient);
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN), Fault::transient);
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR__RESOLVE), Fault::transient);
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR__TIMED_OUT), Fault::transient);
  EXPECT_EQ(fault_of(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS), Fault::transient);
}

TEST(KafkaFaults, name_operation_state_code_and_remedy) {
  auto const error = error_of(RD_KAFKA_RESP_ERR__TRANSPORT, "create topics at h:1", "refused");
  EXPECT_STREQ(error.what(),
               "kafka: create topics at h:1: refused (_TRANSPORT); is the broker running, and are "
               "host, port and security.protocol right?");
  EXPECT_EQ(error.native_code(), RD_KAFKA_RESP_ERR__TRANSPORT);
}

TEST(KafkaFaults, take_the_librarys_text_where_there_is_no_other) {
  auto const error = error_as(Fault::rejected, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, "publish to 'x'");
  EXPECT_STREQ(error.what(),
               "kafka: publish to 'x': Local: Unknown topic (_UNKNOWN_TOPIC); create the topic");
  EXPECT_EQ(error.fault(), Fault::rejected);
}

}  // namespace
}  // namespace tram::kafka
