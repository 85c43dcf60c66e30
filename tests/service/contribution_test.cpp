#include <atomic>
#include <chrono>
#include <memory>
#include <string>

#include "http_client.hpp"
#include "service_world.hpp"
#include "tram/base/error.hpp"
#include "tram/host/contribution.hpp"
#include "tram/http/message.hpp"
#include "tram/requests/request_desk.hpp"
#include "tram/storage/table_part.hpp"

namespace tram {
namespace {

using testing::Running;
using testing::ServiceWorld;

TablePart note_tables(Dialect const& dialect) {
  ColumnTypeNames const type{dialect.types};
  return {.name = "notes", .tables = {{.name = "tram_note", .columns = {{"text", type.text}}}}};
}

/// Writes a note with each step, and waits a minute for the next one.
class Notes final : public Stepper {
 public:
  Notes(StepParts const& parts, std::atomic<int>& steps, std::atomic<bool> const& broken)
      : parts_{parts}, steps_{steps}, broken_{broken} {}

  bool step() override {
    if (broken_) throw Error{Fault::transient, "notes: the pencil is gone; it comes back"};
    if (steps_ >= 3) return false;
    parts_.database.transact(
        [](Transaction& tx) { tx.execute("INSERT INTO tram_note VALUES ('a')"); });
    ++steps_;
    return true;
  }
  [[nodiscard]] SteadyTime next_step() const override {
    return parts_.clock.steady() + std::chrono::minutes{1};
  }

 private:
  StepParts parts_;
  std::atomic<int>& steps_;
  std::atomic<bool> const& broken_;
};

struct ContributionToAService : ::testing::Test {
  ServiceWorld world;
  std::atomic<int> steps{0};
  std::atomic<bool> broken{false};

  http::Route notes_route(std::string pattern) {
    return {.method = "GET", .pattern = std::move(pattern), .handler = [this](auto const&) {
              return http::Response{.body = "notes: " + std::to_string(steps)};
            }};
  }
  Contribution notes() {
    return {.tables = {note_tables},
            .stepped = {{.name = "notes",
                         .make =
                             [this](StepParts const& parts) {
                               return std::make_unique<Notes>(parts, steps, broken);
                             }}},
            .routes = [this] { return std::vector{notes_route("/notes")}; }};
  }
  static ServiceOptions installing() {
    auto options = ServiceWorld::options();
    options.install_schema = true;
    return options;
  }
  static std::string refusal(auto const& call) {
    try {
      call();
    } catch (Error const& error) { return error.what(); }
    return "nothing was refused";
  }
};

TEST_F(ContributionToAService, does_not_start_without_its_tables) {
  Service service{world.parts(), ServiceWorld::options()};
  service.add(notes());
  EXPECT_EQ(service.run({}), exit_cannot_start);
  EXPECT_EQ(world.log.count("table tram_note is missing; set ServiceOptions::install_schema"), 1U);
}

TEST_F(ContributionToAService, has_its_tables_its_steps_and_its_routes) {
  Service service{world.parts(), installing()};
  service.add(notes());
  // Another one of the same module.
  service.add(Contribution{.tables = {note_tables}});
  Running running{service};
  EXPECT_NE(world.answer_with(service, "/notes", "notes: 3").find("notes: 3"), std::string::npos);
  EXPECT_EQ(running.stop(), 0);
  auto const written = world.database.transact([](Transaction& tx) {
    return tx.execute("SELECT count(*) FROM tram_note")[0].get<std::int64_t>(0);
  });
  EXPECT_EQ(written, 3);
}

TEST_F(ContributionToAService, carries_out_what_operators_ask_for) {
  Service service{world.parts(), installing()};
  auto contribution = notes();
  std::atomic<int> tries{0};
  contribution.requests = {
      {"notes.count",
       [](Transaction& tx, OperatorRequest const& request) {
         auto const rows = tx.execute("SELECT count(*) FROM tram_note");
         return request.asked_by + ": " + rows[0].get<std::string>(0);
       }},
      {"notes.burn",
       [&](Transaction& tx, OperatorRequest const&) -> std::string {
         tx.execute("DELETE FROM tram_note");
         if (++tries == 1) throw Error{Fault::transient, "the matches are wet"};
         throw Error{Fault::rejected, "no fire here"};
       }},
      {"notes.drop", [](Transaction&, OperatorRequest const&) -> std::string { throw 42; }},
      {"notes.smear", [](Transaction&, OperatorRequest const&) -> std::string {
         throw Error{Fault::rejected, "there is ink \xFF on it"};
       }}};
  service.add(std::move(contribution));
  Running running{service};
  EXPECT_NE(world.answer_with(service, "/notes", "notes: 3").find("notes: 3"), std::string::npos);
  RequestDesk const desk{world.database, SchemaName{}, world.random};
  auto const refused = desk.ask({.id = {}, .kind = "notes.burn"}, std::chrono::minutes{1});
  EXPECT_EQ(refused.outcome, RequestAnswer::Outcome::refused);
  EXPECT_EQ(refused.text, "no fire here");
  EXPECT_EQ(tries, 2) << "what is only away is tried again";
  auto const dropped = desk.ask({.id = {}, .kind = "notes.drop"}, std::chrono::minutes{1});
  EXPECT_EQ(dropped.outcome, RequestAnswer::Outcome::refused);
  EXPECT_FALSE(dropped.text.empty());
  auto const smeared = desk.ask({.id = {}, .kind = "notes.smear"}, std::chrono::minutes{1});
  EXPECT_EQ(smeared.outcome, RequestAnswer::Outcome::refused);
  EXPECT_EQ(smeared.text, "there is ink ? on it");
  auto const done =
      desk.ask({.id = {}, .kind = "notes.count", .asked_by = "ann"}, std::chrono::minutes{1});
  EXPECT_EQ(done.outcome, RequestAnswer::Outcome::done);
  EXPECT_EQ(done.text, "ann: 3") << "what a refused request did is undone";
  EXPECT_EQ(running.stop(), 0);
}

TEST_F(ContributionToAService, is_not_ready_while_its_step_fails_and_is_stepped_again) {
  broken = true;
  Service service{world.parts(), installing()};
  service.add(notes());
  Running running{service};
  auto const answer = world.answer_with(service, "/health/ready", "the pencil is gone");
  EXPECT_NE(answer.find("503"), std::string::npos) << answer;
  EXPECT_TRUE(world.log.wait_for("component.failed"));
  broken = false;
  EXPECT_NE(world.answer_with(service, "/health/ready", R"({"ready":true)").find("200"),
            std::string::npos);
  EXPECT_NE(world.answer_with(service, "/notes", "notes: 3").find("notes: 3"), std::string::npos);
  EXPECT_EQ(running.stop(), 0);
}

TEST_F(ContributionToAService, is_refused_by_name_when_it_could_not_run) {
  Service service{world.parts(), ServiceWorld::options()};
  auto const add = [&](Contribution contribution) {
    return refusal([&] { service.add(std::move(contribution)); });
  };
  EXPECT_NE(add({.stepped = {{.name = "a", .make = {}}}}).find("'a'"), std::string::npos);
  EXPECT_NE(add({.stepped = {{.name = "", .make = notes().stepped[0].make}}}).find("no name"),
            std::string::npos);
  EXPECT_NE(add({.tables = {nullptr}}).find("has tables without a function"), std::string::npos);
  auto const nothing = [](Transaction&, OperatorRequest const&) { return std::string{}; };
  EXPECT_NE(add({.requests = {{"", nothing}}}).find("has no kind"), std::string::npos);
  EXPECT_NE(add({.requests = {{"x", {}}}}).find("request 'x' has nothing"), std::string::npos);
  EXPECT_EQ(add({.requests = {{"y", nothing}}}), "nothing was refused");
  EXPECT_NE(add({.requests = {{"y", nothing}}}).find("request 'y' has two"), std::string::npos);
  auto own = notes();
  own.routes = [this] { return std::vector{notes_route("/metrics")}; };
  EXPECT_NE(add(std::move(own)).find("'GET /metrics'"), std::string::npos);
}

}  // namespace
}  // namespace tram
