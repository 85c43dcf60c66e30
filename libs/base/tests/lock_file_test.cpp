#include "tram/base/lock_file.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "tram/base/error.hpp"

namespace {
using std::filesystem::perms;
using tram::LockFile;

struct LockFiles : ::testing::Test {
  LockFiles() {
    auto name = (std::filesystem::temp_directory_path() / "tram-lock-XXXXXX").string();
    folder = ::mkdtemp(name.data());
    path = (folder / "a.lock").string();
  }
  ~LockFiles() override { std::filesystem::remove_all(folder); }

  void expect_refused(std::string const& why) const {
    LockFile lock{path};
    try {
      lock.try_take();
      ADD_FAILURE() << "it was taken";
    } catch (tram::Error const& error) {
      EXPECT_NE(std::string{error.what()}.find(why), std::string::npos) << error.what();
    }
    EXPECT_FALSE(lock.held());
  }

  std::filesystem::path folder;
  std::string path;
};

TEST_F(LockFiles, exclude_each_other_and_end_with_their_owner) {
  auto first = std::make_unique<LockFile>(path);
  LockFile second{path};
  EXPECT_EQ(LockFile::owner(path), "");
  EXPECT_TRUE(first->try_take());
  first->sign();
  EXPECT_FALSE(second.try_take());
  EXPECT_EQ(LockFile::owner(path), "process " + std::to_string(::getpid()));
  EXPECT_TRUE(first->try_take());
  first.reset();
  EXPECT_TRUE(second.try_take());
}

TEST_F(LockFiles, are_for_their_user_alone_though_an_earlier_release_made_them) {
  std::ofstream{path} << "4711";
  std::filesystem::permissions(path, perms{0644});
  LockFile lock{path};
  EXPECT_TRUE(lock.try_take());
  EXPECT_EQ(std::filesystem::status(path).permissions(), perms::owner_read | perms::owner_write);
}

TEST_F(LockFiles, follow_no_link_and_leave_what_it_leads_to_as_it_was) {
  auto const victim = (folder / "victim").string();
  std::ofstream{victim} << "precious";
  std::filesystem::create_symlink(victim, path);
  expect_refused("it is a link");
  std::filesystem::remove(path);
  std::filesystem::create_hard_link(victim, path);
  expect_refused("it has another name, too");
  std::filesystem::remove(path);
  // Nor is anything made behind a link that leads nowhere.
  std::filesystem::create_symlink(folder / "nowhere", path);
  expect_refused("it is a link");
  EXPECT_FALSE(std::filesystem::exists(folder / "nowhere"));
  std::ostringstream content;
  content << std::ifstream{victim}.rdbuf();
  EXPECT_EQ(content.str(), "precious");
}

TEST_F(LockFiles, are_plain_files_and_never_wait_for_another_kind) {
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  expect_refused("it is no plain file");
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  expect_refused("");
}

TEST_F(LockFiles, belong_to_the_user_of_the_process) {
  std::ofstream{path} << "";
  // A file of somebody else can be had by its owner only: here the process becomes another user.
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown(path.c_str(), 65534, 65534), 0);
    expect_refused("it belongs to another user");
  } else {
    path = "/etc/passwd";
    expect_refused("");
  }
}

TEST_F(LockFiles, are_taken_anew_where_they_were_removed) {
  LockFile first{path};
  EXPECT_TRUE(first.try_take());
  std::filesystem::remove(path);
  LockFile second{path};
  EXPECT_TRUE(second.try_take());
  EXPECT_FALSE(first.try_take());
  EXPECT_FALSE(first.held());
}

}  // namespace
