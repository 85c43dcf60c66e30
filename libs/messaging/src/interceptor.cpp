#include "tram/messaging/interceptor.hpp"

#include <string>
#include <utility>

#include "tram/base/error.hpp"

namespace tram {
namespace {

using Around = std::function<void(Transaction&, IncomingMessage const&, MessageHandler const&)>;

class AroundHandlers final : public MessageInterceptor {
 public:
  explicit AroundHandlers(Around around) : around_{std::move(around)} {}
  void handle(Transaction& tx, IncomingMessage const& incoming,
              MessageHandler const& next) override {
    around_(tx, incoming, next);
  }

 private:
  Around around_;
};

}  // namespace

std::shared_ptr<MessageInterceptor> around_handlers(Around around) {
  if (!around)
    throw Error{Fault::rejected, "an interceptor around handlers is an empty function; remove it"};
  return std::make_shared<AroundHandlers>(std::move(around));
}

void require_interceptors(Interceptors const& interceptors, std::string_view owner) {
  for (auto const& each : interceptors) {
    if (each == nullptr)
      throw Error{Fault::rejected,
                  std::string{owner} + ": an interceptor is a null pointer; remove it"};
  }
}

}  // namespace tram
