// What a consumer owns, and how it ends.

#include "kafka_consumer.hpp"

#include <algorithm>
#include <utility>

#include "faults.hpp"
#include "partition_lists.hpp"
#include "principal.hpp"
#include "tram/base/clock.hpp"
#include "tram/base/deadline.hpp"

namespace tram::kafka {
namespace {

/// What a client gets to end where leaving its group took all the time there was.
constexpr std::chrono::milliseconds end_patience_least{200};

int milliseconds_left(Deadline const& deadline, Clock const& clock) {
  auto const left = deadline.remaining(clock);
  constexpr std::chrono::milliseconds longest{100};
  return static_cast<int>(
      std::chrono::ceil<std::chrono::milliseconds>(std::min<Duration>(left, longest)).count());
}

/// What may still wait for the cluster, and goes before the client.
struct OpenQuestions {
  std::unique_ptr<Questions> questions;
  std::unique_ptr<PositionQuery> positions;
  std::unique_ptr<GroupOwners> owners;
};

}  // namespace

void KafkaConsumer::rebalanced(Code code, List const* partitions) {
  if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
    assigned(partitions);
  } else {
    revoked(partitions);
  }
}

/// They begin when it is known what is stored, and what is noted beside it.
void KafkaConsumer::assigned(List const* partitions) {
  beginning_.reset(rd_kafka_topic_partition_list_copy(partitions));
  asked_where_to_begin_ = false;
  news_.ring();
}

void KafkaConsumer::assign(List const* partitions) {
  for (auto const& entry : entries(partitions)) {
    auto partition = partition_of(entry);
    // The client remembers this beyond an assignment.
    resume(partition);
    owned_.try_emplace(partition);
    announced_.emplace_back(Assigned{std::move(partition)});
  }
  auto const code = rd_kafka_assign(client_.get(), partitions);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) failed(code, about_, {});
  if (owners_) owners_->begin(clock_.steady());
}

void KafkaConsumer::revoked(List const* partitions) {
  leaving_.reset(rd_kafka_topic_partition_list_copy(partitions));
  beginning_.reset();
  asked_where_to_begin_ = false;
  if (owners_) owners_->end();
  for (auto const& entry : entries(partitions)) {
    auto partition = partition_of(entry);
    std::erase(beginning_anew_, partition);
    if (owned_.contains(partition)) announced_.emplace_back(Revoked{std::move(partition)});
  }
  if (closing_) finish_revocation(*closing_);
}

void KafkaConsumer::finish_revocation(Deadline deadline) {
  if (!leaving_) return;
  auto const leaving = std::exchange(leaving_, nullptr);
  prove_at_once(deadline);
  store_acknowledged();
  for (auto const& entry : entries(leaving.get())) owned_.erase(partition_of(entry));
  kept_ = 0;
  for (auto const& [partition, owned] : owned_) kept_ += owned.kept.size();
  last_ = owned_.end();
  rd_kafka_assign(client_.get(), nullptr);
}

void KafkaConsumer::failed(Code code, std::string const& what, std::string_view text) {
  auto error = with_principal(error_of(code, what, text), client_.get());
  hooks_.logger().warning("kafka.consumer", {{"consumer", about_}, {"what", error.what()}});
  // The group moved on without this member, which is told by a revocation.
  if (code == RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED) return;
  // One broker of several may be away, and the client tells each attempt: whether the cluster works
  // is asked.
  if (query_ && error.fault() == Fault::transient && is_about_connections(code)) {
    suspicion_ = std::move(error);
    return;
  }
  trouble_ = std::move(error);
}

KafkaConsumer::~KafkaConsumer() { end(end_patience); }

void KafkaConsumer::close(Duration timeout) noexcept {
  if (!client_) return;
  // The parent's, whose threads are not here; nothing of it is ended.
  if (client_.get_deleter().process != process_generation()) return client_.reset();
  auto const deadline = Deadline::after(clock_, timeout);
  try {
    leave(deadline);
  } catch (std::exception const& error) {
    // Late is harmless: what was not stored comes again.
    hooks_.logger().warning("kafka.close", {{"consumer", about_}, {"what", error.what()}});
  }
  owned_.clear();
  kept_ = 0;
  last_ = owned_.end();
  end(std::max<Duration>(deadline.remaining(clock_), end_patience_least));
}

void KafkaConsumer::end(Duration patience) noexcept {
  if (!client_) return;
  queue_.reset();
  try {
    end_client(std::move(client_), uses_, hooks_.logger(), patience,
               std::make_shared<OpenQuestions>(std::move(questions_), std::move(query_),
                                               std::move(owners_)));
  } catch (std::exception const& error) {
    hooks_.logger().warning("kafka.close", {{"consumer", about_}, {"what", error.what()}});
  }
}

/// The client does not end while an assignment of its group waits.
void KafkaConsumer::give_up_beginning() {
  if (!beginning_) return;
  auto const beginning = std::exchange(beginning_, nullptr);
  // From anywhere, so that it asks for nothing.
  for (int i = 0; i < beginning->cnt; ++i) beginning->elems[i].offset = 0;
  rd_kafka_assign(client_.get(), beginning.get());
}

void KafkaConsumer::leave(Deadline deadline) {
  constexpr int wait_ms = 10;
  closing_ = deadline;
  finish_revocation(deadline);
  prove_at_once(deadline);
  store_acknowledged();
  give_up_beginning();
  QueueHandle const rest{rd_kafka_queue_new(client_.get())};
  ErrorHandle const refused{rd_kafka_consumer_close_queue(client_.get(), rest.get())};
  if (refused) return;
  while (rd_kafka_consumer_closed(client_.get()) == 0 && !deadline.reached(clock_)) {
    // Fetched records lie among the callbacks, and rd_kafka_queue_poll_callback ends the process at
    // the first of them. Short waits, since the last word of the group is no message.
    MessageHandle const unread{
        rd_kafka_consume_queue(rest.get(), std::min(milliseconds_left(deadline, clock_), wait_ms))};
  }
  hooks_.rethrow();
}

}  // namespace tram::kafka
