#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>

#include "consumer_store.hpp"
#include "file_state.hpp"

namespace tram::embedded {

/// The records and positions of a file, for one consumer.
class FileStore final : public ConsumerStore {
 public:
  /// The channels must exist. `signal` is told of their records. Both are shared, since a consumer
  /// may outlive its broker, and end while it is told something.
  FileStore(std::shared_ptr<FileState> state, std::span<std::string const> channels,
            std::shared_ptr<EventSignal> signal);
  ~FileStore() override;
  FileStore(FileStore const&) = delete;
  FileStore& operator=(FileStore const&) = delete;

  [[nodiscard]] Offset end(TopicPartition const& partition) override;
  Offset read(TopicPartition const& partition, Offset from, std::size_t max,
              std::vector<ConsumerEvent>& events) override;
  /// Waits for other writers, as `store` does.
  std::optional<Offset> claim(std::string const& group, Claim const& claim) override;
  void store(std::string const& group, std::span<Progress const> progress) override;

 private:
  [[nodiscard]] FilePartition& find(TopicPartition const& partition);
  Offset start_over(TopicPartition const& partition, Offset stored) TRAM_REQUIRES(state_->turn);
  void pass_over(TopicPartition const& partition, Offset from, Offset first,
                 std::vector<ConsumerEvent>& events);

  std::shared_ptr<FileState> state_;
  std::shared_ptr<EventSignal> signal_;
  std::map<std::string, FileChannel*> channels_;
  FileConnection connection_;
  TransactionStatements transaction_;
  Statement read_;
  Statement claim_;
  Statement seen_;
  Statement forget_;
  Statement store_;
  /// For the log; empty for a listener.
  std::string group_;
};

}  // namespace tram::embedded
