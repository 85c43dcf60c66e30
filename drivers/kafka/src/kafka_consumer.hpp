#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stop_token>
#include <string>
#include <vector>

#include "alarm.hpp"
#include "client.hpp"
#include "event_descriptor.hpp"
#include "gaps.hpp"
#include "group_owners.hpp"
#include "late_start.hpp"
#include "offset.hpp"
#include "position_query.hpp"
#include "questions.hpp"
#include "trail.hpp"
#include "tram/base/deadline.hpp"
#include "tram/base/error.hpp"
#include "tram/broker/broker.hpp"
#include "tram/kafka/kafka.hpp"

namespace tram::kafka {

class KafkaConsumer final : public Consumer {
 public:
  struct Order {
    ConsumerMode const& mode;
    std::span<std::string const> channels;
    /// Of a group with `Start::latest`: the channels in which it was before their topics.
    std::set<std::string> known;
    std::vector<std::string> created{};
  };
  KafkaConsumer(Config const& config, Order const& order, Clock& clock, Logger const& logger,
                std::stop_token const& stop);
  ~KafkaConsumer() override;
  KafkaConsumer(KafkaConsumer const&) = delete;
  KafkaConsumer& operator=(KafkaConsumer const&) = delete;

  /// The group has positions for everything that was there before it.
  [[nodiscard]] bool has_begun() const { return !late_ || late_->has_begun(); }

  std::vector<ConsumerEvent> poll() override;
  void acknowledge(TopicPartition const& partition, Position last) override;
  void pause(TopicPartition const& partition) override;
  void resume(TopicPartition const& partition) override;
  void close(Duration timeout) noexcept override;
  [[nodiscard]] int descriptor() const override { return alarm_.get(); }
  [[nodiscard]] std::vector<std::string> created_channels() const override { return created_; }

 private:
  KafkaConsumer(Config const& config, ConsumerMode const& mode, Clock& clock, Logger const& logger);
  using Code = rd_kafka_resp_err_t;
  using List = rd_kafka_topic_partition_list_t;
  struct Owned {
    /// One past the last record that is done. Not on its way to the broker yet.
    std::optional<Offset> acknowledged;
    std::optional<Offset> storing;
    /// The coordinator had this one. It forgets it when the topic is deleted.
    std::optional<Offset> stored{};
    /// This consumer has stored one since the partition was assigned.
    bool stored_here{};
    /// When it said last that it has it.
    SteadyTime proved{};
    SteadyTime delivered{};
    Trail trail{};
    /// The owner is to be stored beside what is stored.
    bool to_be_signed{};
    /// Wait for the proof that their topic is still the one that was read before.
    bool doubted{};
    std::vector<Delivery> kept{};
  };
  using OwnedPartitions = std::map<TopicPartition, Owned>;

  void join(std::span<std::string const> channels);
  void begin_late(Order const& order, std::stop_token const& stop);
  void listen(std::span<std::string const> channels, std::stop_token const& stop);
  void append_partitions(std::string const& channel, List* list, std::stop_token const& stop);

  [[nodiscard]] bool ask_where_to_begin();
  void take_assignment(PositionQuery::Answer const& answer);
  void begin_where_stored(rd_kafka_topic_partition_t& entry);
  void assign(List const* partitions);
  void give_up_beginning();
  void finish_revocation(Deadline deadline);
  void store_when_proved();
  void store_acknowledged();
  void store_proved(List const* answer);
  void store(List const* positions);
  void append_acknowledged(TopicPartition const& partition, Owned& owned, List* list);
  [[nodiscard]] bool wants_proof_to_store() const;
  void ask();
  [[nodiscard]] bool ask_for_positions();
  [[nodiscard]] bool ask_for_beginnings();
  void ask_for_a_sign();
  void take_answer(std::vector<ConsumerEvent>& events);
  void take_positions(List const* answer);
  void settle_gaps(List const* beginnings, std::vector<ConsumerEvent>& events);
  void watch_owners(std::vector<ConsumerEvent>& events);
  void seen_to_work();
  void not_seen_to_work(Code code);
  [[nodiscard]] bool wants_a_sign() const;
  void prove(List const* partitions);
  void store_first(Owned& owned);
  void keep(TopicPartition const& partition, Owned& owned, Delivery delivery);
  void give_kept(std::vector<ConsumerEvent>& events);
  void prove_at_once(Deadline deadline);
  static void sign(Owned& owned);
  [[nodiscard]] bool ask_for_ends();
  void take_ends(List const* ends);
  void begin_at_end(rd_kafka_topic_partition_t& entry);
  void look_back_soon();
  void look_back_behind(Owned& owned);
  void look_back_when_idle();
  void look_back(TopicPartition const& partition, Owned& owned);
  [[nodiscard]] bool wants_to_look_back(Owned const& owned) const;
  void read_from(List const* positions, std::string_view what);
  void begin_anew(TopicPartition partition, std::string_view why);
  void finish_beginning_anew();
  void deliver(std::vector<ConsumerEvent>& events);
  void take(rd_kafka_message_t const& message, std::vector<ConsumerEvent>& events);
  void give(rd_kafka_message_t const& message, Owned& owned, std::vector<ConsumerEvent>& events);
  [[nodiscard]] bool is_doubtful(Owned const& owned) const;
  [[nodiscard]] bool comes_late(Owned const& owned) const;
  OwnedPartitions::iterator owner_of(rd_kafka_message_t const& message);
  [[nodiscard]] bool is_leaving(rd_kafka_message_t const& message) const;
  void leave(Deadline deadline);
  void end(Duration patience) noexcept;

  // The hooks.
  void rebalanced(Code code, List const* partitions);
  void assigned(List const* partitions);
  void revoked(List const* partitions);
  void leave_notes_out();
  void stored(Code code, List const* partitions);
  void failed(Code code, std::string const& what, std::string_view text);

  void switch_delivery(TopicPartition const& partition, Code (*with)(rd_kafka_t*, List*));

  Clock& clock_;
  bool broadcast_;
  std::vector<std::string> created_;
  std::string owner_;
  std::string about_;
  std::string first_channel_{};
  std::chrono::milliseconds request_timeout_;
  std::shared_ptr<ClientUses> uses_;
  ClientHooks& hooks_{uses_->hooks};
  EventDescriptor& news_{uses_->news};
  Alarm alarm_{news_};
  ClientHandle client_;
  QueueHandle queue_;
  OwnedPartitions owned_;
  std::set<TopicPartition> paused_;
  /// Given by the group, and not begun: it is not known yet what is stored.
  PartitionsHandle beginning_;
  /// The question that is open is about them.
  bool asked_where_to_begin_{};
  /// What the last poll announced as revoked, to be given up in the next.
  PartitionsHandle leaving_;
  /// Assigned and Revoked, for the poll in which they came.
  std::vector<ConsumerEvent> announced_;
  std::optional<Error> trouble_;
  std::unique_ptr<PositionQuery> query_;
  /// Of a group with `Start::latest`. Shared with the thread of a question.
  std::shared_ptr<LateStart> late_;
  /// Null for a listener, of which no positions are stored.
  std::unique_ptr<GroupOwners> owners_;
  /// The brokers take what is to be noted beside a position.
  bool notes_{true};
  std::unique_ptr<Questions> questions_{std::make_unique<Questions>()};
  /// Of partitions that may have been given up since.
  Gaps gaps_;
  SteadyTime next_look_at_beginnings_{SteadyTime::min()};
  /// The next question is to prove what is acknowledged.
  bool store_after_answer_{};
  /// The question that is open does.
  bool asked_to_store_{};
  /// Records that wait for an answer.
  std::size_t kept_{};
  /// Topics that were made anew: announced as revoked, and read from the beginning with the next
  /// poll.
  std::vector<TopicPartition> beginning_anew_;
  SteadyTime now_{};
  /// When the cluster was last seen to work.
  SteadyTime last_sign_{};
  /// Something is wrong with the connection, as the client says; or has been found to be.
  std::optional<Error> suspicion_;
  bool away_{};
  SteadyTime next_probe_{};
  /// When somebody may have to look back; set by a store.
  SteadyTime next_look_back_{SteadyTime::max()};
  /// When the question was asked that allowed the last store.
  SteadyTime store_allowed_{};
  bool looks_back_at_once_{};
  SteadyTime next_look_at_ends_{SteadyTime::min()};
  std::size_t storing_{};
  SteadyTime next_store_{SteadyTime::min()};
  /// The partition of the last delivery, which is most often that of the next.
  OwnedPartitions::iterator last_{owned_.end()};
  /// While it leaves: until when.
  std::optional<Deadline> closing_;
};

}  // namespace tram::kafka
