#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "file_state.hpp"
#include "retention.hpp"
#include "tram/broker/producer.hpp"

namespace tram::embedded {

/// Collects what is submitted, and commits it when completions are asked for.
class FileProducer final : public Producer {
 public:
  // Shared: a producer may outlive its broker.
  explicit FileProducer(std::shared_ptr<FileState> state);

  bool submit(RecordView const& record, Sequence sequence) override;
  /// Waits for other writers and for the disk.
  std::vector<Completion> completions() override;
  [[nodiscard]] int descriptor() const override { return -1; }

 private:
  struct Collected {
    Sequence sequence;
    FileChannel* channel;
    FilePartition* partition;
    std::size_t key_begin;
    std::size_t value_begin;
    std::size_t value_end;
  };
  struct Touched {
    FileChannel* channel;
    Offset next;
    std::size_t records;
  };
  [[nodiscard]] bool is_full() const;
  std::optional<Error> collect(RecordView const& record, Sequence sequence);
  void commit();
  void append();
  void insert(Collected const& record, std::int64_t now) TRAM_REQUIRES(state_->turn);
  [[nodiscard]] Touched touch(Collected const& record) TRAM_REQUIRES(state_->turn);
  void remove_old(std::int64_t now) TRAM_REQUIRES(state_->turn);
  void tell_of_gone_groups();
  void finish(Error const& error);

  std::shared_ptr<FileState> state_;
  FileConnection connection_;
  TransactionStatements transaction_;
  Statement next_position_;
  Statement insert_;
  Retention retention_;
  std::vector<Completion> completions_;
  std::vector<Collected> collected_;
  /// Keys and values of what is collected, one after the other.
  std::string bytes_;
  /// What the transaction that is open has written.
  std::unordered_map<FilePartition*, Touched> touched_;
  /// Groups that keep no records any more, of which nobody was told yet.
  std::vector<GroupChannel> gone_;
  std::optional<Sequence> last_;
  /// The last one used: most producers stay with one for a while.
  FileChannel* channel_{};
  bool finished_{};
};

}  // namespace tram::embedded
