#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "relay_world.hpp"
#include "tram/relay/relay.hpp"
#include "tram/sqlite/change_source.hpp"

/// relay_process DATABASE OUTPUT: see RelayProcess.
namespace {

/// A broker that is a file: what was written survives the death of the process.
class FileBroker final : public tram::Broker {
 public:
  explicit FileBroker(char const* path)
      : descriptor_{::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)} {}
  ~FileBroker() override { ::close(descriptor_); }
  FileBroker(FileBroker const&) = delete;
  FileBroker& operator=(FileBroker const&) = delete;

  [[nodiscard]] tram::BrokerTraits traits() const override { return {.name = "file"}; }
  std::unique_ptr<tram::Producer> producer() override {
    return std::make_unique<FileProducer>(descriptor_);
  }
  std::unique_ptr<tram::Consumer> subscribe(tram::ConsumerMode const&, std::span<std::string const>,
                                            std::stop_token const& = {}) override {
    throw tram::Error{tram::Fault::rejected, "file broker: no consumers here"};
  }
  std::vector<std::string> create_channels(std::span<std::string const>, std::int32_t,
                                           tram::Deadline, std::stop_token const& = {}) override {
    return {};
  }
  void ping(tram::Deadline, std::stop_token const& = {}) override {}

 private:
  class FileProducer final : public tram::Producer {
   public:
    explicit FileProducer(int descriptor) : descriptor_{descriptor} {}
    bool submit(tram::RecordView const& record, tram::Sequence sequence) override {
      auto const payload = tram::parse_record(record.value).payload;
      auto const line = std::string{record.key} + ":" + payload + "\n";
      if (::write(descriptor_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        throw tram::Error{tram::Fault::broken, "file broker: cannot write"};
      }
      completions_.push_back({sequence, std::nullopt});
      return true;
    }
    std::vector<tram::Completion> completions() override { return std::exchange(completions_, {}); }
    [[nodiscard]] int descriptor() const override { return -1; }

   private:
    int descriptor_;
    std::vector<tram::Completion> completions_;
  };
  int descriptor_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  tram::SystemClock clock;
  tram::SystemRandom random;
  FileBroker broker{argv[2]};
  tram::testing::MemoryHeldRows held;
  auto const source = tram::sqlite::change_source({.path = argv[1]}, clock);
  tram::Relay relay{{.source = *source,
                     .broker = broker,
                     .held = held,
                     .clock = clock,
                     .random = random,
                     .logger = tram::Logger::to_stderr(tram::LogLevel::warning)},
                    {}};
  std::jthread const loop{[&](std::stop_token const& stop) { relay.run(stop); }};
  while (std::getchar() != EOF) {}
  return 0;
}
