#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "kafka_position_frames.hpp"
#include "proxy_listener.hpp"
#include "tram/base/clock.hpp"

namespace tram::testing {

namespace kafka_frame {

/// A request to write to one partition, as librdkafka makes them.
struct Produce {
  std::int64_t version{};
  std::int64_t correlation{};
  std::string topic;
  std::int64_t partition{};
};

inline std::optional<Produce> produce_of(std::string_view request) {
  Reader reader{request};
  if (reader.number(2) != 0) return std::nullopt;
  Produce produce;
  produce.version = reader.number(2);
  produce.correlation = reader.number(4);
  reader.text();                            // client
  if (produce.version >= 3) reader.text();  // transaction
  reader.number(6);                         // acks, time-out
  reader.number(4);                         // topics
  produce.topic = reader.text();
  reader.number(4);  // partitions
  produce.partition = reader.number(4);
  return produce;
}

inline std::string refusal_of(Produce const& produce, int error) {
  std::string body;
  put(body, produce.correlation, 4);
  put(body, 1, 4);
  put(body, static_cast<std::int64_t>(produce.topic.size()), 2);
  body += produce.topic;
  put(body, 1, 4);
  put(body, produce.partition, 4);
  put(body, error, 2);
  put(body, -1, 8);                            // offset
  if (produce.version >= 2) put(body, -1, 8);  // time
  if (produce.version >= 5) put(body, -1, 8);  // start of the log
  if (produce.version >= 1) put(body, 0, 4);   // throttled for
  std::string frame;
  put(frame, static_cast<std::int64_t>(body.size()), 4);
  return frame + body;
}

}  // namespace kafka_frame

/// Stands between clients and a Kafka on this machine, and refuses requests in the broker's name:
/// when asked to, the next produce request of each partition of a topic. The refusal is told when a
/// second request of the partition has come, which passes, or after a while in which none came.
/// It also answers as a coordinator that has not forgotten the position of a deleted topic yet, and
/// lets stores of positions take their time.
class RefusingKafka {
 public:
  static constexpr int unknown_topic{3};
  static constexpr int no_leader{5};
  static constexpr int not_leader{6};

  explicit RefusingKafka(int server_port) : listener_{server_port} {
    thread_ = std::jthread{[this](std::stop_token const& stop) { run(stop); }};
  }
  ~RefusingKafka() {
    thread_.request_stop();
    thread_.join();
    for (auto& pair : pairs_) close(pair);
  }
  RefusingKafka(RefusingKafka const&) = delete;
  RefusingKafka& operator=(RefusingKafka const&) = delete;

  [[nodiscard]] int port() const { return listener_.port(); }
  void refuse_next_of_each_partition(std::string const& topic, int error) {
    std::scoped_lock const lock{mutex_};
    refuse_[topic] = {.error = error, .refused = {}};
  }
  /// The next `answers` questions for a position of a topic of one partition are answered with
  /// `position`, where the coordinator has none.
  void remember_position(std::string const& topic, std::int64_t position, int answers) {
    std::scoped_lock const lock{mutex_};
    memory_ = {.topic = topic, .position = position, .answers_left = answers};
  }
  /// How many answers are still to be made so.
  [[nodiscard]] int answers_left() {
    std::scoped_lock const lock{mutex_};
    return memory_.answers_left;
  }
  /// Stores of positions of a topic are kept back from here on.
  void hold_stores(std::string const& topic) {
    std::scoped_lock const lock{mutex_};
    held_topic_ = topic;
  }
  /// How many are kept back.
  [[nodiscard]] int stores_held() {
    std::scoped_lock const lock{mutex_};
    return stores_held_;
  }
  /// They arrive now, and later ones as they come.
  void release_stores() {
    std::scoped_lock const lock{mutex_};
    held_topic_.clear();
  }
  /// How many partitions of a topic had a request refused since that was asked for.
  [[nodiscard]] std::size_t refused(std::string const& topic) {
    std::scoped_lock const lock{mutex_};
    return refuse_[topic].refused.size();
  }
  /// How often a second request of a partition was on its way before the first was answered.
  [[nodiscard]] int overtaken() {
    std::scoped_lock const lock{mutex_};
    return overtaken_;
  }

 private:
  static constexpr std::chrono::milliseconds told_after{300};
  struct Order {
    int error{};
    std::set<std::int64_t> refused;
  };
  struct Memory {
    std::string topic;
    std::int64_t position{};
    int answers_left{};
  };
  struct Refusal {
    kafka_frame::Produce request;
    int error{};
    SteadyTime due;
  };
  struct Pair {
    int client;
    int server;
    std::string from_client;
    std::string from_server;
    std::list<Refusal> refusals{};
    std::vector<std::string> stores{};
    /// Questions for positions, with their versions.
    std::map<std::int64_t, std::int64_t> questions{};
  };

  static void close(Pair& pair) {
    ::close(pair.client);
    ::close(pair.server);
  }

  void run(std::stop_token const& stop) {
    while (!stop.stop_requested()) {
      std::vector<pollfd> waiting{{.fd = listener_.descriptor(), .events = POLLIN, .revents = 0}};
      for (auto const& pair : pairs_) {
        waiting.push_back({.fd = pair.client, .events = POLLIN, .revents = 0});
        waiting.push_back({.fd = pair.server, .events = POLLIN, .revents = 0});
      }
      ::poll(waiting.data(), waiting.size(), 2);
      std::size_t at = 1;
      for (auto pair = pairs_.begin(); pair != pairs_.end(); at += 2) {
        bool const open = (waiting[at].revents == 0 || take_requests(*pair)) &&
                          (waiting[at + 1].revents == 0 || take_answers(*pair)) && tell(*pair) &&
                          pass_stores(*pair);
        if (!open) close(*pair);
        pair = open ? std::next(pair) : pairs_.erase(pair);
      }
      if (waiting[0].revents != 0) accept();
    }
  }

  void accept() {
    auto const sockets = listener_.accept();
    if (!sockets) return;
    pairs_.push_back({.client = sockets->client,
                      .server = sockets->server,
                      .from_client = {},
                      .from_server = {}});
  }

  bool take_requests(Pair& pair) {
    if (!receive(pair.client, pair.from_client)) return false;
    while (auto const frame = next_frame(pair.from_client)) {
      auto const request = std::string_view{*frame}.substr(4);
      auto const produce = kafka_frame::produce_of(request);
      if (auto const question = kafka_frame::position_question_of(request))
        pair.questions[question->correlation] = question->version;
      if (produce && refuses(pair, *produce)) continue;
      if (holds(pair, *frame)) continue;
      if (!send(pair.server, *frame)) return false;
    }
    return true;
  }

  bool holds(Pair& pair, std::string const& frame) {
    std::scoped_lock const lock{mutex_};
    bool const held = !held_topic_.empty() && kafka_frame::stores_position_of(
                                                  std::string_view{frame}.substr(4), held_topic_);
    if (!held) return false;
    pair.stores.push_back(frame);
    ++stores_held_;
    return true;
  }

  bool pass_stores(Pair& pair) {
    std::scoped_lock const lock{mutex_};
    if (!held_topic_.empty()) return true;
    for (auto const& frame : std::exchange(pair.stores, {})) {
      --stores_held_;
      if (!send(pair.server, frame)) return false;
    }
    return true;
  }

  /// Nothing of ours may come into the middle of an answer.
  bool take_answers(Pair& pair) {
    if (!receive(pair.server, pair.from_server)) return false;
    while (auto frame = next_frame(pair.from_server)) {
      correct_position(pair, *frame);
      if (!send(pair.client, *frame)) return false;
    }
    return true;
  }

  void correct_position(Pair& pair, std::string& frame) {
    auto const correlation = kafka_frame::Reader{std::string_view{frame}.substr(4)}.number(4);
    auto const question = pair.questions.extract(correlation);
    std::scoped_lock const lock{mutex_};
    if (!question || memory_.answers_left == 0) return;
    constexpr std::int64_t nothing_stored{-1};
    auto const place =
        kafka_frame::place_of_position(frame, question.mapped(), memory_.topic, nothing_stored);
    if (!place) return;
    std::string position;
    kafka_frame::put(position, memory_.position, 8);
    frame.replace(*place, position.size(), position);
    --memory_.answers_left;
  }

  bool refuses(Pair& pair, kafka_frame::Produce const& produce) {
    std::scoped_lock const lock{mutex_};
    for (auto& refusal : pair.refusals) {
      if (refusal.request.topic != produce.topic || refusal.request.partition != produce.partition)
        continue;
      refusal.due = {};
      ++overtaken_;
    }
    auto const order = refuse_.find(produce.topic);
    if (order == refuse_.end() || !order->second.refused.insert(produce.partition).second)
      return false;
    pair.refusals.push_back(
        {.request = produce, .error = order->second.error, .due = clock_.steady() + told_after});
    return true;
  }

  bool tell(Pair& pair) {
    auto const now = clock_.steady();
    for (auto refusal = pair.refusals.begin(); refusal != pair.refusals.end();) {
      if (refusal->due > now) {
        ++refusal;
        continue;
      }
      if (!send(pair.client, kafka_frame::refusal_of(refusal->request, refusal->error)))
        return false;
      refusal = pair.refusals.erase(refusal);
    }
    return true;
  }

  static std::optional<std::string> next_frame(std::string& bytes) {
    if (bytes.size() < 4) return std::nullopt;
    auto const size = 4 + static_cast<std::size_t>(kafka_frame::Reader{bytes}.number(4));
    if (bytes.size() < size) return std::nullopt;
    auto frame = bytes.substr(0, size);
    bytes.erase(0, size);
    return frame;
  }

  bool receive(int from, std::string& to) {
    auto const length = ::recv(from, buffer_.data(), buffer_.size(), 0);
    if (length <= 0) return false;
    to.append(buffer_.data(), static_cast<std::size_t>(length));
    return true;
  }

  static bool send(int to, std::string_view bytes) {
    while (!bytes.empty()) {
      auto const sent = ::send(to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  SystemClock clock_;
  ProxyListener listener_;
  std::list<Pair> pairs_;
  std::array<char, 65536> buffer_{};
  std::mutex mutex_;
  std::map<std::string, Order> refuse_;
  Memory memory_;
  std::string held_topic_;
  int stores_held_{};
  int overtaken_{};
  std::jthread thread_;
};

}  // namespace tram::testing
