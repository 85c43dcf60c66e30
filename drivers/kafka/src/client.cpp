#include "client.hpp"

#include <array>
#include <cstdio>
#include <future>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "client_secrets.hpp"
#include "tram/base/error.hpp"

namespace tram::kafka {
namespace {

ClientHooks& hooks_of(void* opaque) { return *static_cast<ClientHooks*>(opaque); }

LogLevel level_of(int syslog, std::string_view about) {
  // One set of properties serves producers and consumers, and each ignores what is the other's.
  if (about == "CONFWARN") return LogLevel::debug;
  if (syslog <= 4) return LogLevel::warning;
  return syslog <= 6 ? LogLevel::info : LogLevel::debug;
}

void log_line(rd_kafka_t const* client, int level, char const* facility, char const* text) {
  auto& hooks = hooks_of(rd_kafka_opaque(client));
  // From a thread of librdkafka, which no exception may pass.
  try {
    hooks.logger().write(level_of(level, facility), "kafka.client",
                         {{"client", rd_kafka_name(client)},
                          {"about", facility},
                          {"text", secrets_in(client).hidden_in(text)}});
  } catch (...) {  // C callback
    std::fputs("kafka: a log line could not be written\n", stderr);
  }
}

void error(rd_kafka_t* client, int code, char const* reason, void* opaque) {
  auto& hooks = hooks_of(opaque);
  hooks.guarded([&] {
    hooks.on_error(static_cast<rd_kafka_resp_err_t>(code), secrets_in(client).hidden_in(reason));
  });
}

void rebalance(rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions,
               void* opaque) {
  auto& hooks = hooks_of(opaque);
  hooks.guarded([&] { hooks.on_rebalance(code, partitions); });
}

void stored(rd_kafka_t*, rd_kafka_resp_err_t code, rd_kafka_topic_partition_list_t* partitions,
            void* opaque) {
  auto& hooks = hooks_of(opaque);
  hooks.guarded([&] { hooks.on_stored(code, partitions); });
}

}  // namespace

void ClientHooks::rethrow() {
  if (escaped_) std::rethrow_exception(std::exchange(escaped_, nullptr));
}

void ClientHooks::install(rd_kafka_conf_t* conf) {
  rd_kafka_conf_set_opaque(conf, this);
  rd_kafka_conf_set_log_cb(conf, log_line);
  if (on_error) rd_kafka_conf_set_error_cb(conf, error);
  if (on_rebalance) rd_kafka_conf_set_rebalance_cb(conf, rebalance);
  if (on_stored) rd_kafka_conf_set_offset_commit_cb(conf, stored);
}

void ClientHooks::guarded(std::function<void()> const& hook) noexcept {
  try {
    hook();
  } catch (...) {  // C callback
    escaped_ = std::current_exception();
  }
}

void end_client(ClientHandle client, std::shared_ptr<void> used, Logger const& logger,
                Duration patience, std::shared_ptr<void> first) {
  // A child of the process that made it has none of its threads to wait for.
  if (client.get_deleter().process != process_generation()) return;
  if (!client) return;
  std::string const name{rd_kafka_name(client.get())};
  std::promise<void> gone;
  auto const is_gone = gone.get_future();
  try {
    std::thread{[gone = std::move(gone), client = std::move(client), used = std::move(used),
                 first = std::move(first)]() mutable {
      first.reset();
      client.reset();
      used.reset();
      gone.set_value();
    }}.detach();
  } catch (std::system_error const& error) {
    // Without a thread for it, it has ended here: its owner was the thread's function.
    logger.warning("kafka.no_thread", {{"client", name}, {"what", error.what()}});
    return;
  }
  if (is_gone.wait_for(patience) == std::future_status::ready) return;
  logger.warning(
      "kafka.left_behind",
      {{"client", name}, {"what", "the client library does not end; its threads are left behind"}});
}

ClientHandle make_client(rd_kafka_type_t type, ConfHandle conf) {
  std::array<char, 512> reason{};
  auto* const given = conf.release();
  ClientHandle client{rd_kafka_new(type, given, reason.data(), reason.size())};
  // It owns its configuration by now.
  if (client) return client;
  ConfHandle const unused{given};
  throw Error{Fault::rejected, std::string{"kafka: the configuration was refused: "} +
                                   secrets_in(given).hidden_in(reason.data()) + "; correct it"};
}

}  // namespace tram::kafka
