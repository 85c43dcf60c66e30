#include <gtest/gtest.h>
#include <sys/mount.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

#include "program_process.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/random.hpp"

namespace tram::testing {
namespace {

/// A folder with a database and a broker, and the service that works on them.
class EmbeddedService : public ::testing::Test {
 protected:
  std::unique_ptr<ProgramProcess> start(std::string const& roles) {
    return std::make_unique<ProgramProcess>(
        TRAM_NUMBERS_SERVICE, std::vector<std::string>{roles, "sqlite:" + path("numbers.db"),
                                                       "embedded:" + path("channels.db")});
  }
  std::string path(std::string const& name) { return folder_.file(name); }
  void await(ProgramProcess const& process, std::string const& text) {
    auto const deadline = Deadline::after(clock_, std::chrono::seconds{60});
    while (!process.logged(text) && !deadline.reached(clock_)) {
      clock_.pause(std::chrono::milliseconds{5});
    }
    ASSERT_TRUE(process.logged(text)) << process.log();
  }
  void expect_good_end() {
    auto const process = start("relay,consume,finish");
    process->await_end();
    auto const log = process->log();
    EXPECT_EQ(process->wait(), 0) << log;
    std::cout << log.substr(log.find("ready"), 200) << "\n";
  }

  Folder folder_;
  SystemClock clock_;
  SystemRandom random_;
};

TEST_F(EmbeddedService, loses_nothing_and_repeats_nothing_when_it_is_killed_200_times) {
  for (int life = 0; life < 200; ++life) {
    auto const process = start("write,relay,consume");
    // From before the first statement to the middle of the work.
    if (life % 2 == 0) await(*process, "ready");
    clock_.pause(std::chrono::microseconds{random_.below(60'000)});
    process->signal(SIGKILL);
    ASSERT_EQ(process->wait(), 1000 + SIGKILL) << "died by itself in life " << life;
  }
  expect_good_end();
}

TEST_F(EmbeddedService, shares_its_database_with_a_second_process_that_writes) {
  auto const first = start("write,relay,consume");
  await(*first, "ready");
  for (int life = 0; life < 5; ++life) {
    auto const second = start("write");
    await(*second, "ready");
    clock_.pause(std::chrono::milliseconds{50});
    second->signal(SIGKILL);
    second->wait();
  }
  first->signal(SIGKILL);
  first->wait();
  expect_good_end();
}

TEST_F(EmbeddedService, refuses_a_second_process_on_one_broker_naming_file_holder_and_remedy) {
  auto const first = start("write,relay,consume");
  await(*first, "ready");
  auto const second = start("relay,consume");
  second->await_end();
  auto const log = second->log();
  EXPECT_EQ(second->wait(), 2);
  EXPECT_NE(log.find("channels.db"), std::string::npos) << log;
  EXPECT_NE(log.find(std::to_string(first->id())), std::string::npos) << log;
}

/// The folder as a file system of its own, where one may be mounted.
class EmbeddedServiceOnOwnDisk : public EmbeddedService {
 protected:
  void SetUp() override {
    std::filesystem::create_directory(disk_);
    mounted_ = ::mount("tmpfs", disk_.c_str(), "tmpfs", 0, "size=12m") == 0;
    if (mounted_) return;
    std::cout << "no file system may be mounted here, so there is nothing to fill; the embedded "
                 "driver's own tests use a limit on the size of files instead\n";
  }
  void TearDown() override {
    if (mounted_) ::umount2(disk_.c_str(), MNT_DETACH);
  }
  std::unique_ptr<ProgramProcess> start_on_disk(std::string const& roles) {
    return std::make_unique<ProgramProcess>(
        TRAM_NUMBERS_SERVICE, std::vector<std::string>{roles, "sqlite:" + disk_ + "/numbers.db",
                                                       "embedded:" + disk_ + "/channels.db"});
  }
  void fill() {
    std::ofstream ballast{disk_ + "/ballast", std::ios::app};
    std::string const block(4'096, 'x');
    while (ballast.write(block.data(), 4'096).flush()) {}
  }
  void make_room() { std::filesystem::remove(disk_ + "/ballast"); }

  std::string const disk_{path("disk")};
  bool mounted_{};
};

TEST_F(EmbeddedServiceOnOwnDisk, goes_on_by_itself_when_a_full_disk_has_room_again) {
  if (!mounted_) return;
  auto const process = start_on_disk("write,relay,consume");
  await(*process, "ready");
  for (int round = 0; round < 3; ++round) {
    fill();
    await(*process, "full");
    clock_.pause(std::chrono::milliseconds{200});
    make_room();
    clock_.pause(std::chrono::milliseconds{200});
  }
  process->signal(SIGKILL);
  ASSERT_EQ(process->wait(), 1000 + SIGKILL);
  auto const last = start_on_disk("relay,consume,finish");
  last->await_end();
  auto const log = last->log();
  EXPECT_EQ(last->wait(), 0) << log;
}

TEST_F(EmbeddedServiceOnOwnDisk, says_what_to_do_in_a_folder_that_cannot_be_written) {
  if (!mounted_) return;
  ASSERT_EQ(::mount("tmpfs", disk_.c_str(), "tmpfs", MS_REMOUNT | MS_RDONLY, ""), 0);
  auto const process = start_on_disk("write,relay,consume");
  process->await_end();
  auto const log = process->log();
  EXPECT_EQ(process->wait(), 2);
  EXPECT_NE(log.find("numbers.db"), std::string::npos) << log;
  EXPECT_NE(log.find("writable"), std::string::npos) << log;
}

}  // namespace
}  // namespace tram::testing
