#include <gtest/gtest.h>

#include "secret_shapes.hpp"
#include "tram/all_drivers.hpp"
#include "tram/base/error.hpp"
#include "tram/connect/broker.hpp"
#include "tram/connect/database.hpp"
#include "tram/relay/outbox_source.hpp"

namespace tram::connect {
namespace {

/// What opens a URL, names what it opened and says what is wrong shows nothing of a password,
/// whatever the password does to the URL.
class Passwords : public ::testing::Test {
 protected:
  Database existing(std::string const& url) {
    return database(url, drivers_, runtime_, {}, Opening::existing);
  }
  bool is_understood(std::string const& url) {
    try {
      (void)existing(url);
      return true;
    } catch (Error const&) { return false; }
  }
  template <class Use>
  void expect_silence(std::string const& url, Use use) {
    std::string said;
    try {
      said = use();
    } catch (Error const& error) { said = error.what(); }
    EXPECT_EQ(said.find(testing::secret_mark), std::string::npos) << url << "\n" << said;
    said_ += said.empty() ? 0 : 1;
  }

  Runtime runtime_{.logger = {[this](LogLevel, std::string const& line) { log_ += line + "\n"; },
                              LogLevel::debug}};
  Drivers drivers_ = all_drivers();
  std::string log_;
  int said_{};
};

TEST_F(Passwords, of_database_urls_are_not_shown) {
  int understood = 0;
  for (auto const& url : testing::filled(testing::database_forms())) {
    expect_silence(url, [&] { return existing(url).name(); });
    // To connect takes a while, and each form is there more than forty times.
    if (is_understood(url) && ++understood % 7 != 0) continue;
    expect_silence(url, [&] {
      existing(url).transact({.attempts_max = 1}, [](Transaction& tx) { tx.execute("SELECT 1"); });
      return std::string{};
    });
    expect_silence(url, [&] {
      auto const source = outbox_of(existing(url))->change_source();
      (void)source->read(1);
      return source->status().trouble;
    });
    expect_silence(url, [&] {
      return outbox_of(existing(url))->takeover(TakeoverAction::look, {.old_slot = "x"}).next;
    });
    // What may be connected to is tried for seconds.
    if (is_understood(url)) continue;
    expect_silence(url, [&] {
      std::string texts;
      for (auto const& finding : outbox_of(existing(url))->check()) texts += finding.text;
      return texts;
    });
  }
  EXPECT_GT(said_, 2'000);
}

TEST_F(Passwords, of_broker_urls_are_not_shown) {
  for (auto const& url : testing::filled(testing::broker_forms())) {
    expect_silence(url, [&] {
      auto const opened = broker(url, drivers_, runtime_);
      (void)opened->producer();
      return opened->traits().name;
    });
  }
  EXPECT_EQ(log_.find(testing::secret_mark), std::string::npos) << log_;
  EXPECT_GT(said_, 500);
}

TEST_F(Passwords, in_properties_are_not_shown) {
  for (auto const& password : testing::awkward_passwords()) {
    for (std::string const name : {"sasl.password", "sasl.mechanism", "security.protocol",
                                   "ssl.key.password", "ssl.ca.location", "linger.ms"}) {
      expect_silence(name + password, [&] {
        auto const opened = broker("kafka://127.0.0.1:1", drivers_, runtime_, {{name, password}});
        (void)opened->producer();
        return opened->traits().name;
      });
    }
  }
  EXPECT_EQ(log_.find(testing::secret_mark), std::string::npos) << log_;
}

}  // namespace
}  // namespace tram::connect
