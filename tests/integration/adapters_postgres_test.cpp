// Tram in transactions of libpqxx and of SOCI, on a real server with a relay behind it.
#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "on_soci.hpp"
#include "postgres_relay_world.hpp"
#include "tram/adapters/libpqxx.hpp"
#include "tram/adapters/soci_postgresql.hpp"
#include "tram/outbox/outbox.hpp"
#include "tram/sql/violations.hpp"
#include "tram/wire/id_generator.hpp"

namespace tram::testing {
namespace {

/// A transaction of another client: the least that both have.
class OtherClient {
 public:
  virtual ~OtherClient() = default;
  virtual void begin() = 0;
  virtual std::unique_ptr<StatementExecutor> adopted() = 0;
  virtual void run(std::string const& sql) = 0;
  virtual void commit() = 0;
  virtual void roll_back() = 0;
};

class OnLibpqxx final : public OtherClient {
 public:
  void begin() override { work_ = std::make_unique<pqxx::work>(connection_); }
  std::unique_ptr<StatementExecutor> adopted() override {
    return std::make_unique<libpqxx::AdoptedTransaction>(libpqxx::adopt(*work_));
  }
  void run(std::string const& sql) override { work_->exec(sql); }
  void commit() override { work_->commit(); }
  void roll_back() override { work_->abort(); }

 private:
  pqxx::connection connection_{server().connection()};
  std::unique_ptr<pqxx::work> work_;
};

class OnSoci final : public OtherClient {
 public:
  void begin() override { transaction_ = std::make_unique<soci::transaction>(session_); }
  std::unique_ptr<StatementExecutor> adopted() override {
    return std::make_unique<postgres::AdoptedTransaction>(soci_postgresql::adopt(session_));
  }
  void run(std::string const& sql) override { session_ << sql; }
  void commit() override { transaction_->commit(); }
  void roll_back() override { transaction_->rollback(); }

 private:
  soci::session session_{soci::postgresql, server().connection()};
  std::unique_ptr<soci::transaction> transaction_;
};

template <class Client>
class PostgresAdapter : public PostgresRelay {
 protected:
  PostgresAdapter() {
    server().sql("DROP TABLE IF EXISTS t");
    server().sql("CREATE TABLE t (id int PRIMARY KEY, name text, content bytea, number float8, "
                 "truth bool)");
    client_.begin();
  }
  Fault fault_of(std::string const& sql) {
    try {
      client_.adopted()->execute(sql);
    } catch (Error const& error) {
      last_error_ = error.what();
      is_unique_ = is_unique_violation(error);
      return error.fault();
    }
    ADD_FAILURE() << sql << " does not fail";
    return Fault::broken;
  }
  static std::string count() { return server().sql("SELECT count(*) FROM t"); }

  Client client_;
  std::string last_error_;
  bool is_unique_{};
};

using Clients = ::testing::Types<OnLibpqxx, OnSoci>;
TYPED_TEST_SUITE(PostgresAdapter, Clients);

TYPED_TEST(PostgresAdapter, sends_in_the_transaction_of_the_client) {
  this->start();
  IdGenerator ids{this->clock_, {1}};
  auto const outbox = Outbox::of(this->database_, ids, this->random_);
  auto const send = [&](char const* text) {
    outbox.send(*this->client_.adopted(), "orders", Message{.headers = {}, .payload = text});
  };
  this->client_.run("INSERT INTO t VALUES (1)");
  send("lost");
  this->client_.roll_back();
  EXPECT_EQ(this->count(), "0");
  this->client_.begin();
  this->client_.run("INSERT INTO t VALUES (2)");
  send("it's order $1 and ? 2");
  EXPECT_EQ(this->rows(""), "0");
  this->client_.commit();
  EXPECT_EQ(this->count(), "1");
  EXPECT_TRUE(this->published(1));
  this->stop();
  EXPECT_EQ(this->landed(), Texts{"it's order $1 and ? 2"});
}

TYPED_TEST(PostgresAdapter, may_run_the_first_statement_of_the_transaction) {
  this->client_.adopted()->execute("INSERT INTO t VALUES (1)");
  EXPECT_EQ(this->count(), "0");
  this->client_.roll_back();
  EXPECT_EQ(this->count(), "0");
}

TYPED_TEST(PostgresAdapter, takes_every_kind_of_value_there_and_back) {
  std::vector<std::byte> const bytes{std::byte{0}, std::byte{255}, std::byte{'\\'}, std::byte{0}};
  auto tx = this->client_.adopted();
  EXPECT_EQ(tx->execute("INSERT INTO t VALUES (?, ?, ?, ?, ?)", 1, "Müller?", bytes, 0.1, true)
                .affected(),
            1);
  tx->post("INSERT INTO t VALUES (?, ?, ?, ?, ?)", 2, std::nullopt, std::nullopt, std::nullopt,
           std::nullopt);
  auto const rows = tx->execute("SELECT * FROM t ORDER BY id");
  EXPECT_EQ(rows.affected(), 0);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].template get<int>("id"), 1);
  EXPECT_EQ(rows[0].template get<std::string>("name"), "Müller?");
  EXPECT_EQ(rows[0].template get<std::vector<std::byte>>("content"), bytes);
  EXPECT_EQ(rows[0].template get<double>("number"), 0.1);
  EXPECT_TRUE(rows[0].template get<bool>("truth"));
  for (std::size_t column = 1; column < 5; ++column) EXPECT_TRUE(rows[1].is_null(column));
  this->client_.commit();
  EXPECT_EQ(server().sql("SELECT encode(content, 'hex') FROM t WHERE id = 1"), "00ff5c00");
}

TYPED_TEST(PostgresAdapter, tells_the_servers_errors_with_their_fault) {
  this->client_.run("INSERT INTO t VALUES (1)");
  EXPECT_EQ(this->fault_of("INSERT INTO t VALUES (1)"), Fault::rejected);
  EXPECT_TRUE(this->is_unique_) << this->last_error_;
  EXPECT_NE(this->last_error_.find("SQLSTATE 23505"), std::string::npos) << this->last_error_;
  // As after an error of its own: the client's transaction can only be rolled back.
  EXPECT_EQ(this->fault_of("SELECT 1"), Fault::rejected);
  EXPECT_ANY_THROW(this->client_.run("SELECT 1"));
  this->client_.roll_back();
  EXPECT_EQ(this->count(), "0");
  this->client_.begin();
  this->client_.run("INSERT INTO t VALUES (3)");
  this->client_.commit();
  EXPECT_EQ(this->count(), "1");
}

TYPED_TEST(PostgresAdapter, leaves_the_end_of_the_transaction_to_the_client) {
  this->client_.run("INSERT INTO t VALUES (1)");
  for (auto const* sql : {"COMMIT", "ROLLBACK", "SAVEPOINT a", ""})
    EXPECT_EQ(this->fault_of(sql), Fault::rejected) << sql;
  EXPECT_THROW(this->client_.adopted()->execute("SELECT ?", std::string{"a\0b", 3}), Error);
  EXPECT_EQ(this->count(), "0");
  this->client_.commit();
  EXPECT_EQ(this->count(), "1");
}

TYPED_TEST(PostgresAdapter, tells_a_lost_connection) {
  auto const pid =
      this->client_.adopted()->execute("SELECT pg_backend_pid()")[0].template get<int>(0);
  server().sql("SELECT pg_terminate_backend(" + std::to_string(pid) + ", 10000)");
  EXPECT_EQ(this->fault_of("SELECT 1"), Fault::broken) << this->last_error_;
}

TEST(SociAdapter, refuses_a_session_without_a_connection) {
  soci::session session;
  EXPECT_THROW(soci_postgresql::adopt(session), Error);
}

TEST(LibpqxxAdapter, refuses_another_encoding) {
  pqxx::connection connection{server().connection()};
  connection.set_client_encoding("LATIN1");
  pqxx::work work{connection};
  EXPECT_THROW(libpqxx::adopt(work), Error);
}

TEST(LibpqxxAdapter, refuses_a_transaction_that_is_over) {
  pqxx::connection connection{server().connection()};
  pqxx::work work{connection};
  auto tx = libpqxx::adopt(work);
  work.commit();
  for (auto const& call : {std::function<void()>{[&] { tx.execute("SELECT 1"); }},
                           std::function<void()>{[&] { libpqxx::adopt(work); }}}) {
    try {
      call();
      ADD_FAILURE() << "it is taken for an open one";
    } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::rejected) << error.what(); }
  }
}

}  // namespace
}  // namespace tram::testing
