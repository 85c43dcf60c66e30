#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iostream>
#include <optional>

#include "broker_file.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/error.hpp"
#include "tram/broker/position_numbers.hpp"

namespace tram::embedded {
namespace {

using tram::testing::BrokerFile;
using tram::testing::Sender;
using tram::testing::take_all;
using tram::testing::values;

constexpr char const* channel = "orders";

/// A disk that can be full: a small file system where one may be mounted, and otherwise a limit on
/// the size of files, which fails writes just so.
class SmallDisk {
 public:
  explicit SmallDisk(std::filesystem::path folder) : folder_{std::move(folder)} {
    mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", 0, "size=4m") == 0;
    std::cout << (mounted_ ? "on a file system of 4 MB\n" : "with a limit on the size of files\n");
    ::signal(SIGXFSZ, SIG_IGN);
  }
  ~SmallDisk() {
    make_room();
    if (mounted_) ::umount2(folder_.c_str(), MNT_DETACH);
  }
  SmallDisk(SmallDisk const&) = delete;
  SmallDisk& operator=(SmallDisk const&) = delete;

  void fill() {
    if (!mounted_) {
      limit_files(0);
      return;
    }
    std::ofstream ballast{ballast_path(), std::ios::app};
    std::string const block(4'096, 'x');
    while (ballast.write(block.data(), 4'096).flush()) {}
  }
  void make_room() {
    if (mounted_) {
      std::filesystem::remove(ballast_path());
    } else {
      limit_files(RLIM_INFINITY);
    }
  }

  [[nodiscard]] char const* remedy_of_commit() const {
    return mounted_ ? "; make room on the disk"
                    : "; look at the disk, limits of file sizes, and the system's log";
  }

 private:
  [[nodiscard]] std::filesystem::path ballast_path() const { return folder_ / "ballast"; }
  static void limit_files(rlim_t size) {
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    limit.rlim_cur = size;
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }

  std::filesystem::path folder_;
  bool mounted_{};
};

class DiskFull : public ::testing::Test {
 protected:
  DiskFull() { broker_->create_channels(std::array{std::string{channel}}, 1, Deadline::now()); }
  std::unique_ptr<Consumer> member() {
    return broker_->subscribe({.group = "billing"}, std::array{std::string{channel}});
  }
  static std::optional<Error> error_of(Sender& sender) {
    for (auto const& completion : sender.completions()) {
      if (completion.error) return completion.error;
    }
    return std::nullopt;
  }

  BrokerFile file_;
  SystemClock clock_;
  SmallDisk disk_{file_.folder()};
  std::unique_ptr<Broker> broker_{connect({.path = file_.path()}, clock_)};
};

TEST_F(DiskFull, finishes_the_producer_and_loses_nothing_once_there_is_room) {
  Sender sender{*broker_, channel};
  sender.send("before");
  auto const large = std::string(100'000, 'x');
  disk_.fill();
  ASSERT_TRUE(sender.submit(large));
  ASSERT_TRUE(sender.submit("behind"));
  auto const completions = sender.completions();
  ASSERT_EQ(completions.size(), 1U);
  EXPECT_EQ(completions[0].sequence, Sequence{2});
  auto const& error = *completions[0].error;
  EXPECT_EQ(error.fault(), Fault::transient);
  EXPECT_TRUE(std::string{error.what()}.ends_with(disk_.remedy_of_commit())) << error.what();
  EXPECT_NE(std::string{error.what()}.find(file_.path()), std::string::npos) << error.what();
  try {
    std::ignore = sender.submit("again");
    FAIL();
  } catch (Error const& finished) { EXPECT_EQ(finished.fault(), Fault::broken); }
  disk_.make_room();
  Sender next{*broker_, channel};
  next.send(large);
  next.send("behind");
  auto const found = take_all(*member());
  EXPECT_EQ(values(found), (std::vector<std::string>{"before", large, "behind"}));
  EXPECT_EQ(found.back().position, position_of({2}));
}

TEST_F(DiskFull, lets_consumers_go_on_and_store_their_positions_later) {
  Sender sender{*broker_, channel};
  for (int i = 0; i < 10; ++i) sender.send(std::to_string(i));
  auto consumer = member();
  EXPECT_EQ(take_all(*consumer).size(), 10U);
  disk_.fill();
  while (!error_of(sender)) std::ignore = sender.submit(std::string(2'000, 'x'));
  EXPECT_TRUE(take_all(*consumer).size() < 1'000);
  consumer->acknowledge({channel, 0}, position_of({9}));
  disk_.make_room();
  consumer->close(Duration{0});
  EXPECT_EQ(file_.value("SELECT next FROM tram_progress"), 10);
}

TEST_F(DiskFull, says_so_when_there_is_no_room_for_a_new_file) {
  disk_.fill();
  try {
    connect({.path = (file_.folder() / "other.db").string()}, clock_);
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.fault(), Fault::transient);
    EXPECT_TRUE(std::string{error.what()}.ends_with("; make room on the disk")) << error.what();
  }
}

}  // namespace
}  // namespace tram::embedded
