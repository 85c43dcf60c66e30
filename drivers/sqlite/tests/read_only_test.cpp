#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "outbox_file.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/sql/database.hpp"
#include "tram/sqlite/change_source.hpp"
#include "tram/sqlite/sqlite.hpp"

namespace {
using namespace std::chrono_literals;
using tram::Access;
using tram::Error;
using tram::Fault;
using tram::LogPosition;
using tram::Transaction;
using tram::testing::OutboxFile;
using tram::testing::RawConnection;

/// Permissions do not count for root: the process is another user meanwhile.
class PlainUser {
 public:
  explicit PlainUser(std::filesystem::path const& folder) : was_root_{::geteuid() == 0} {
    if (!was_root_) return;
    own(folder);
    for (auto const& each : std::filesystem::directory_iterator{folder}) own(each.path());
    EXPECT_EQ(::seteuid(nobody), 0);
  }
  ~PlainUser() {
    auto const again = was_root_ ? ::seteuid(0) : 0;
    EXPECT_EQ(again, 0);
  }
  PlainUser(PlainUser const&) = delete;
  PlainUser& operator=(PlainUser const&) = delete;

 private:
  static constexpr uid_t nobody{65534};
  static void own(std::filesystem::path const& path) {
    EXPECT_EQ(::chown(path.c_str(), nobody, nobody), 0);
  }
  bool was_root_;
};

/// A database that its user may write to, and then may not.
struct ReadOnlyForAWhile : ::testing::Test {
  OutboxFile file;
  std::filesystem::path const folder = std::filesystem::path{file.path()}.parent_path();
  /// Keeps the log, as a service does.
  std::unique_ptr<RawConnection> other = std::make_unique<RawConnection>(file.path());
  std::unique_ptr<PlainUser> user;
  tram::SystemClock clock;
  tram::SystemRandom random;
  tram::Database database =
      tram::sqlite::connect({.path = file.path()}, {.connections_max = 4}, clock, random);

  void SetUp() override {
    other->insert("1");
    user = std::make_unique<PlainUser>(folder);
  }
  void TearDown() override {
    allow(true);
    user.reset();
  }
  void allow(bool writing) const {
    using std::filesystem::perms;
    for (auto const& each : std::filesystem::directory_iterator{folder}) {
      std::filesystem::permissions(each.path(), writing ? perms{0600} : perms{0400});
    }
    std::filesystem::permissions(folder, writing ? perms{0700} : perms{0500});
  }
  void insert() {
    database.transact({.timeout = 1s}, [](Transaction& tx) {
      tx.execute("INSERT INTO message (id, destination) VALUES ('x', 'orders')");
    });
  }
  Fault fault_of_insert() {
    try {
      insert();
    } catch (Error const& error) { return error.fault(); }
    ADD_FAILURE() << "it was written";
    return Fault::malformed;
  }
};

TEST_F(ReadOnlyForAWhile, is_written_to_as_soon_as_it_may_be) {
  allow(false);
  for (int i = 0; i < 3; ++i) EXPECT_NE(fault_of_insert(), Fault::rejected);
  allow(true);
  insert();
}

TEST_F(ReadOnlyForAWhile, is_written_to_again_by_connections_that_were_made_meanwhile) {
  database.transact({.access = Access::read_only}, [](Transaction&) {});
  allow(false);
  // All at once, so that there is one that was made now.
  database.transact({.access = Access::read_only}, [&](Transaction&) {
    try {
      database.transact({.access = Access::read_only, .timeout = 1s}, [](Transaction& tx) {
        EXPECT_EQ(tx.execute("SELECT count(*) FROM message")[0].get<int>(0), 1);
      });
    } catch (Error const& error) { EXPECT_NE(error.fault(), Fault::rejected) << error.what(); }
    EXPECT_NE(fault_of_insert(), Fault::rejected);
  });
  allow(true);
  for (int i = 0; i < 8; ++i) insert();
}

TEST_F(ReadOnlyForAWhile, is_relayed_again_as_soon_as_it_may_be_written_to) {
  allow(false);
  auto const tail = tram::sqlite::change_source({.path = file.path()}, clock);
  try {
    tail->read(10);
    ADD_FAILURE() << "nothing was raised";
  } catch (Error const& error) { EXPECT_EQ(error.fault(), Fault::transient) << error.what(); }
  allow(true);
  EXPECT_EQ(tail->read(10).rows.size(), 1U);
  tail->confirm(LogPosition{1});
  tail->flush();
}

}  // namespace
