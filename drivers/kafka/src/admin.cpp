#include "admin.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <set>
#include <utility>
#include <vector>

#include "faults.hpp"
#include "principal.hpp"
#include "tram/base/clock.hpp"

namespace tram::kafka {
namespace {

constexpr std::chrono::milliseconds look_again{20};
constexpr int look_for_cause{50};
constexpr std::int32_t brokers_default{-1};

ConfHandle conf_for(Config const& config, ClientHooks& hooks) {
  auto conf = conf_of(client_properties(config));
  hooks.install(conf.get());
  return conf;
}

bool exists(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_NO_ERROR || code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
}

bool is_forbidden(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
}

NewTopicHandle new_topic(std::string const& name, std::int32_t partitions) {
  std::array<char, 512> reason{};
  NewTopicHandle topic{rd_kafka_NewTopic_new(name.c_str(), partitions, brokers_default,
                                             reason.data(), reason.size())};
  if (topic) return topic;
  throw Error{Fault::rejected, "kafka: create topic '" + name + "': " + reason.data()};
}

}  // namespace

Admin::Admin(Config const& config, Clock& clock, Logger const& logger, Deadline deadline,
             std::stop_token stop)
    : config_{config},
      clock_{clock},
      deadline_{deadline},
      stop_{std::move(stop)},
      uses_{std::make_shared<ClientUses>(logger)} {
  hooks_.on_error = [this](Code code, std::string const& text) {
    // That all brokers are down says less than what happened to one of them.
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN && cause_ != RD_KAFKA_RESP_ERR_NO_ERROR) return;
    cause_ = code;
    cause_text_ = text;
  };
  // A consumer, since a producer's questions about topics may create them.
  client_ = make_client(RD_KAFKA_CONSUMER, conf_for(config, hooks_));
}

Admin::~Admin() {
  auto const patience = stop_.stop_requested() ? end_patience_at_stop : end_patience;
  end_client(std::move(client_), uses_, hooks_.logger(), patience, std::move(questions_));
}

void Admin::require_answer() {
  auto const answer = ask({});
  if (answer.code != RD_KAFKA_RESP_ERR_NO_ERROR) fail(answer.code, "look up the cluster");
}

Metadata Admin::ask(std::string const& topic) {
  auto const question = [client = client_.get(), topic, timeout = std::max(remaining(), 1)] {
    return metadata_of(client, topic, timeout);
  };
  auto answer = questions_->ask(question, stop_);
  if (!answer) give_up("look up " + (topic.empty() ? "the cluster" : "topic '" + topic + "'"));
  return std::move(*answer);
}

std::vector<std::string> Admin::create_topics(std::span<std::string const> topics,
                                              std::int32_t partitions) {
  // Named twice, a topic would fail the request.
  std::set<std::string> const names{topics.begin(), topics.end()};
  std::vector<NewTopicHandle> wanted;
  std::vector<rd_kafka_NewTopic_t*> pointers;
  for (auto const& name : names) {
    wanted.push_back(new_topic(name, partitions > 0 ? partitions : brokers_default));
    pointers.push_back(wanted.back().get());
  }
  auto const options = request_options(RD_KAFKA_ADMIN_OP_CREATETOPICS);
  QueueHandle const answers{rd_kafka_queue_new(client_.get())};
  rd_kafka_CreateTopics(client_.get(), pointers.data(), pointers.size(), options.get(),
                        answers.get());
  auto const answer = await_answer(answers.get());
  if (auto const code = rd_kafka_event_error(answer.get())) {
    fail(code, "create topics", rd_kafka_event_error_string(answer.get()));
  }
  auto created_topics = created(rd_kafka_event_CreateTopics_result(answer.get()));
  for (auto const& name : names) await(name);
  return created_topics;
}

std::vector<std::string> Admin::missing(std::span<std::string const> topics) {
  std::vector<std::string> found;
  std::ranges::copy_if(topics, std::back_inserter(found), [this](auto const& topic) {
    return look_up(topic) == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  });
  return found;
}

AdminOptionsHandle Admin::request_options(rd_kafka_admin_op_t operation) {
  std::array<char, 512> reason{};
  AdminOptionsHandle options{rd_kafka_AdminOptions_new(client_.get(), operation)};
  auto const longest = std::max(static_cast<int>(config_.request_timeout.count()), 1);
  auto const timeout = std::clamp(remaining(), 1, longest);
  rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout, reason.data(), reason.size());
  if (operation == RD_KAFKA_ADMIN_OP_CREATETOPICS) {
    rd_kafka_AdminOptions_set_operation_timeout(options.get(), timeout, reason.data(),
                                                reason.size());
  }
  return options;
}

/// Until the client gives up; at once when it is told that it need not try again.
EventHandle Admin::await_answer(rd_kafka_queue_t* answers) {
  for (;;) {
    EventHandle answer{rd_kafka_queue_poll(answers, look_for_cause)};
    if (answer) return answer;
    if (stop_.stop_requested()) give_up("create topics at " + config_.servers);
    rd_kafka_poll(client_.get(), 0);
    if (fault_of(cause_) == Fault::rejected) fail(RD_KAFKA_RESP_ERR__TIMED_OUT, "create topics");
  }
}

int Admin::remaining() const {
  auto const left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline_.remaining(clock_)).count();
  return static_cast<int>(std::min<std::int64_t>(left, std::numeric_limits<int>::max() / 2));
}

/// Those that were not there. Throws where one is missing all the same.
std::vector<std::string> Admin::created(rd_kafka_CreateTopics_result_t const* result) {
  std::vector<std::string> all;
  std::size_t count{};
  auto const* const* const topics = rd_kafka_CreateTopics_result_topics(result, &count);
  for (auto const* const topic : std::span{topics, count}) {
    auto const code = rd_kafka_topic_result_error(topic);
    std::string const name{rd_kafka_topic_result_name(topic)};
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) all.push_back(name);
    if (exists(code)) continue;
    // Not being allowed to create it is no trouble when it is there.
    auto const found = is_forbidden(code) ? look_up(name) : code;
    if (exists(found)) continue;
    // Which right is missing on a topic that may be there says more than that it may not be made.
    if (found == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED)
      fail(found, "look up topic '" + name + "'");
    auto const* const text = rd_kafka_topic_result_error_string(topic);
    fail(code, "create topic '" + name + "'", text == nullptr ? std::string_view{} : text);
  }
  return all;
}

/// A topic is created a little before the brokers show it, and members of a group that subscribe
/// in between would look again only much later.
void Admin::await(std::string const& topic) {
  for (;;) {
    auto const code = look_up(topic);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    if (fault_of(code) != Fault::transient || deadline_.reached(clock_)) {
      fail(code, "look up topic '" + topic + "'");
    }
    clock_.pause(look_again, stop_);
  }
}

rd_kafka_resp_err_t Admin::look_up(std::string const& topic) {
  auto const [code, metadata] = ask(topic);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return code;
  if (metadata->topic_cnt != 1) return RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  auto const& shown = metadata->topics[0];
  if (shown.err != RD_KAFKA_RESP_ERR_NO_ERROR) return shown.err;
  std::span const partitions{shown.partitions, static_cast<std::size_t>(shown.partition_cnt)};
  bool const led = !partitions.empty() && std::ranges::all_of(partitions, [](auto const& each) {
    return each.leader >= 0;
  });
  return led ? RD_KAFKA_RESP_ERR_NO_ERROR : RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
}

void Admin::fail(Code code, std::string const& what, std::string_view text) {
  rd_kafka_poll(client_.get(), 0);
  bool const unreachable = code == RD_KAFKA_RESP_ERR__TIMED_OUT ||
                           code == RD_KAFKA_RESP_ERR__TRANSPORT ||
                           code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
  if (unreachable && cause_ != RD_KAFKA_RESP_ERR_NO_ERROR) {
    throw with_principal(error_of(cause_, what + " at " + config_.servers, cause_text_),
                         client_.get());
  }
  throw with_principal(error_of(code, what + " at " + config_.servers, text), client_.get());
}

}  // namespace tram::kafka
