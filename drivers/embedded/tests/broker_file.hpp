#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

#include "tram/embedded/embedded.hpp"

/// What the tests of the broker in a file work on.
namespace tram::testing {

/// A folder with room for a broker's file.
class BrokerFile {
 public:
  BrokerFile() {
    auto name = (std::filesystem::temp_directory_path() / "tram-embedded-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
  }
  ~BrokerFile() { std::filesystem::remove_all(folder_); }
  BrokerFile(BrokerFile const&) = delete;
  BrokerFile& operator=(BrokerFile const&) = delete;

  [[nodiscard]] std::filesystem::path const& folder() const { return folder_; }
  [[nodiscard]] std::string path() const { return (folder_ / "broker.db").string(); }

  /// With nothing of ours in between.
  void run(std::string const& sql) const { std::ignore = value(sql); }
  [[nodiscard]] std::int64_t value(std::string const& sql) const {
    sqlite3* connection = nullptr;
    EXPECT_EQ(sqlite3_open(path().c_str(), &connection), SQLITE_OK);
    std::int64_t found = -1;
    auto const take = [](void* to, int, char** texts, char**) {
      *static_cast<std::int64_t*>(to) = texts[0] == nullptr ? -1 : std::atoll(texts[0]);
      return 0;
    };
    EXPECT_EQ(sqlite3_exec(connection, sql.c_str(), take, &found, nullptr), SQLITE_OK)
        << sql << ": " << sqlite3_errmsg(connection);
    sqlite3_close(connection);
    return found;
  }

  [[nodiscard]] std::string backup() const { return (folder_ / "backup.db").string(); }
  /// What `.backup` and `.restore` of the shell do: the pages of one database over those of
  /// another, which stays the same file.
  void save() const { copy(path(), backup()); }
  void restore() const { copy(backup(), path()); }

 private:
  static void copy(std::string const& from, std::string const& to) {
    sqlite3* source = nullptr;
    sqlite3* target = nullptr;
    EXPECT_EQ(sqlite3_open(from.c_str(), &source), SQLITE_OK);
    EXPECT_EQ(sqlite3_open(to.c_str(), &target), SQLITE_OK);
    sqlite3_busy_timeout(target, 5000);
    auto* const copying = sqlite3_backup_init(target, "main", source, "main");
    EXPECT_EQ(sqlite3_backup_step(copying, -1), SQLITE_DONE);
    EXPECT_EQ(sqlite3_backup_finish(copying), SQLITE_OK) << sqlite3_errmsg(target);
    sqlite3_close(source);
    sqlite3_close(target);
  }

  std::filesystem::path folder_;
};

/// Sends to one channel with one partition, and notes what became of it.
class Sender {
 public:
  Sender(Broker& broker, std::string channel)
      : channel_{std::move(channel)}, producer_{broker.producer()} {}

  /// False when the producer is finished.
  bool submit(std::string const& value, std::string const& key = "k") {
    return producer_->submit({.channel = channel_, .key = key, .value = value}, ++sequence_);
  }
  std::vector<Completion> completions() { return producer_->completions(); }
  void send(std::string const& value, std::string const& key = "k") {
    ASSERT_TRUE(submit(value, key));
    for (auto const& completion : completions()) {
      EXPECT_FALSE(completion.error) << completion.error->what();
    }
  }

 private:
  std::string channel_;
  std::unique_ptr<Producer> producer_;
  Sequence sequence_{};
};

/// Everything that polls give until there is nothing more.
inline std::vector<Delivery> take_all(Consumer& consumer) {
  std::vector<Delivery> all;
  for (bool more = true; more;) {
    more = false;
    for (auto& event : consumer.poll()) {
      more = true;
      if (auto* const delivery = std::get_if<Delivery>(&event)) all.push_back(std::move(*delivery));
    }
  }
  return all;
}

inline std::vector<std::string> values(std::vector<Delivery> const& deliveries) {
  std::vector<std::string> values;
  for (auto const& delivery : deliveries) values.push_back(delivery.value);
  return values;
}

}  // namespace tram::testing
