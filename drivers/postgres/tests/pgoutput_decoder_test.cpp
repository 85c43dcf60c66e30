#include "pgoutput_decoder.hpp"
#include "part_memory.hpp"

#include <gtest/gtest.h>

#include <array>

#include "tram/base/error.hpp"
#include "tram/base/random.hpp"

namespace tram::postgres {
namespace {

// Bytes that a PostgreSQL 15.20 sent, from pg_logical_slot_get_binary_changes.
constexpr std::string_view begin{"4200000000015897e000030406082c2401000002e1"};
constexpr std::string_view outbox_relation{
    "52000040066576656e7475617465006d657373616765006400070169640000000413000003ec0064657374696e6174"
    "696f6e0000000019ffffffff00"
    "686561646572730000000019ffffffff007061796c6f61640000000019ffffffff007075626c697368656400000000"
    "15ffffffff006d6573736167655f"
    "706172746974696f6e0000000015ffffffff006372656174696f6e5f74696d650000000014ffffffff"};
constexpr std::string_view plain_row{"49000040064e00077400000003312d3174000000066f72646572737400000"
                                     "00c7b224944223a22312d31227d740000000d7b2261223a226bc3a4736522"
                                     "7d7400000001306e74000000023137"};
constexpr std::string_view other_relation{"520000400e7075626c6963006f746865720064000200696400000000"
                                          "17ffffffff006e616d650000000019ffffffff"};
constexpr std::string_view other_row{"490000400e4e0002740000000131740000000178"};
constexpr std::string_view row_without_payload{"49000040064e00077400000003312d3274000000066f7264657"
                                               "27374000000027b7d6e7400000001306e74000000023137"};
constexpr std::string_view published_row{
    "49000040064e00077400000003312d3374000000066f726465727374000000027b7d7400000004646f6e6574000000"
    "01316e74000000023137"};
constexpr std::string_view commit{"430000000000015897e0000000000158981000030406082c2401"};
// The same table after its columns changed: JSON at the end, a database id, NULL in `published`.
constexpr std::string_view changed_relation{
    "52000040066576656e7475617465006d657373616765006400080169640000000413000003ec0064657374696e6174"
    "696f6e0000000019ffffffff00"
    "7075626c69736865640000000015ffffffff006d6573736167655f706172746974696f6e0000000015ffffffff0063"
    "72656174696f6e5f74696d650000"
    "000014ffffffff007061796c6f61640000000072ffffffff00686561646572730000000072ffffffff006462696400"
    "00000014ffffffff"};
constexpr std::string_view changed_row{
    "49000040064e0008740000000074000000066f72646572736e6e6e74000000037b207d740000000a7b2258223a2022"
    "79227d740000000d313739353432"
    "32343937303033"};
constexpr std::string_view update{
    "55000040064e00087400000003312d3174000000066f72646572737400000001316e740000000231376e6e6e"};
constexpr std::string_view removal{"44000040064b00087400000003312d326e6e6e6e6e6e6e"};
constexpr std::string_view truncation{"5400000001000000400e"};

std::string bytes(std::string_view hex) {
  std::string result;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    result.push_back(static_cast<char>(std::stoi(std::string{hex.substr(at, 2)}, nullptr, 16)));
  }
  return result;
}

class PgoutputDecoderTest : public ::testing::Test {
 protected:
  Change decode(std::string_view hex) { return decoder_.decode(bytes(hex)); }
  OutboxRow row(std::string_view hex) { return std::get<OutboxRow>(decode(hex)); }
  bool irrelevant(std::string_view hex) { return std::holds_alternative<Irrelevant>(decode(hex)); }

  PgoutputDecoder decoder_{"eventuate", "message"};
};

TEST_F(PgoutputDecoderTest, reads_a_transaction_with_one_row) {
  EXPECT_TRUE(std::holds_alternative<TransactionBegin>(decode(begin)));
  EXPECT_TRUE(irrelevant(outbox_relation));
  auto const read = row(plain_row);
  EXPECT_EQ(read.id, "1-1");
  EXPECT_EQ(read.destination, "orders");
  EXPECT_EQ(read.headers, "{\"ID\":\"1-1\"}");
  EXPECT_EQ(read.payload, "{\"a\":\"käse\"}");
  EXPECT_FALSE(read.database_id);
  EXPECT_FALSE(read.ends_at);
  EXPECT_EQ(std::get<TransactionEnd>(decode(commit)).end, 0x1589810U);
}

TEST_F(PgoutputDecoderTest, leaves_out_other_tables) {
  decode(outbox_relation);
  EXPECT_TRUE(irrelevant(other_relation));
  EXPECT_TRUE(irrelevant(other_row));
}

/// Of table number 0x4006, in a transaction with its commit record at 0x15897e0.
Change row_of_another(CountedTables parts) {
  PgoutputDecoder decoder{"eventuate", "other", {}, {}, std::move(parts)};
  decoder.decode(bytes(begin));
  decoder.decode(bytes(outbox_relation));
  return decoder.decode(bytes(plain_row));
}

TEST_F(PgoutputDecoderTest, takes_rows_of_a_part_up_to_where_it_left) {
  EXPECT_TRUE(std::holds_alternative<OutboxRow>(row_of_another({{0x4006, 0x15897e1}})));
  EXPECT_TRUE(std::holds_alternative<Irrelevant>(row_of_another({{0x4006, 0x15897e0}})));
}

TEST_F(PgoutputDecoderTest, doubts_a_table_that_looks_like_an_outbox) {
  auto const row = row_of_another({});
  ASSERT_TRUE(std::holds_alternative<DoubtfulRow>(row));
  EXPECT_EQ(std::get<DoubtfulRow>(row).table, 0x4006U);
  EXPECT_EQ(std::get<DoubtfulRow>(row).name, "eventuate.message");
  EXPECT_TRUE(std::holds_alternative<Irrelevant>(row_of_another({{0x4006, 0}})));
}

TEST_F(PgoutputDecoderTest, leaves_out_rows_that_are_published_already) {
  decode(outbox_relation);
  EXPECT_TRUE(irrelevant(published_row));
}

TEST_F(PgoutputDecoderTest, leaves_out_everything_but_inserts) {
  decode(changed_relation);
  EXPECT_TRUE(irrelevant(update));
  EXPECT_TRUE(irrelevant(removal));
  EXPECT_TRUE(irrelevant(truncation));
}

TEST_F(PgoutputDecoderTest, keeps_a_row_without_payload) {
  decode(outbox_relation);
  EXPECT_FALSE(row(row_without_payload).payload);
}

TEST_F(PgoutputDecoderTest, finds_columns_by_name_when_the_table_changes_mid_stream) {
  decode(outbox_relation);
  row(plain_row);
  decode(changed_relation);
  auto const read = row(changed_row);
  EXPECT_EQ(read.id, "");
  EXPECT_EQ(read.database_id, 1'795'422'497'003);
  EXPECT_EQ(read.payload, "{ }");
  EXPECT_EQ(read.headers, "{\"X\": \"y\"}");
}

TEST_F(PgoutputDecoderTest, a_row_of_an_unknown_table_is_malformed) {
  try {
    decode(plain_row);
    FAIL();
  } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::malformed); }
}

TEST_F(PgoutputDecoderTest, bytes_that_end_too_early_are_malformed) {
  decode(outbox_relation);
  auto const whole = bytes(plain_row);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_THROW(decoder_.decode(std::string_view{whole}.substr(0, length)), Error) << length;
  }
}

TEST_F(PgoutputDecoderTest, damaged_bytes_are_read_or_malformed_and_nothing_else) {
  constexpr std::array all{begin,  outbox_relation,  plain_row,   other_relation, other_row,
                           commit, changed_relation, changed_row, update};
  constexpr std::uint64_t seed = 20'260'724;
  SeededRandom random{seed};
  int malformed = 0;
  for (int round = 0; round < 50'000; ++round) {
    auto message = bytes(all[random.below(all.size())]);
    for (auto damage = random.below(4); damage > 0; --damage)
      message[random.below(message.size())] = static_cast<char>(random.bits());
    if (random.below(4) == 0) message.resize(random.below(message.size() + 1));
    try {
      decoder_.decode(message);
    } catch (Error const& error) {
      ASSERT_EQ(error.fault(), Fault::malformed) << "seed " << seed << " round " << round;
      ++malformed;
    }
  }
  EXPECT_GT(malformed, 500);
}

TEST(ReplicationProtocol, reads_log_data_and_keepalives) {
  EXPECT_THROW(parse_stream_message("x"), Error);
  auto const keepalive =
      std::get<Keepalive>(parse_stream_message(bytes("6b000000010158b2f800030406082c373e01")));
  EXPECT_EQ(keepalive.end, 0x10158B2F8U);
  EXPECT_EQ(keepalive.reply, Keepalive::Reply::asked);
  EXPECT_EQ(std::get<LogData>(parse_stream_message(
                                  bytes("770000000001589810000000000158981000030406082c24014207")))
                .payload,
            bytes("4207"));
}

TEST(ReplicationProtocol, writes_status_updates) {
  WallTime const now{
      std::chrono::milliseconds{946'684'800'001}};  // a millisecond into the year 2000
  EXPECT_EQ(status_update({.published = 0x10158B2F8, .freed = 0x10158B200}, now, AskReply::yes),
            bytes("72000000010158b2f8000000010158b200000000010158b2f800000000000003e801"));
}

TEST(ReplicationProtocol, writes_and_reads_positions_as_the_server_does) {
  EXPECT_EQ(format_lsn(0x16'B374D848), "16/B374D848");
  EXPECT_EQ(parse_lsn("16/B374D848"), Lsn{0x16'B374D848});
  EXPECT_EQ(parse_lsn("0/0"), Lsn{0});
  for (auto const* const wrong : {"", "16", "16/", "/1", "16/B374D848x", "x/1"})
    EXPECT_FALSE(parse_lsn(wrong)) << wrong;
}

}  // namespace
}  // namespace tram::postgres
