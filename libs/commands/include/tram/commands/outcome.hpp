#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "tram/commands/endpoint.hpp"
#include "tram/json/json.hpp"
#include "tram/wire/message.hpp"
#include "tram/wire/wire_type.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// Whether the command was carried out.
enum class ReplyOutcome : std::uint8_t { success, failure };

/// `SUCCESS` or `FAILURE`, as in header `reply_outcome-type`.
std::string_view to_string(ReplyOutcome outcome) noexcept;

/// Says that a handler answers nothing, or later (see `ReplyToken`).
struct NoReply {};
inline constexpr NoReply no_reply{};

/// An answer that is not sent yet.
struct ReplyDraft {
  ReplyOutcome outcome{ReplyOutcome::success};
  /// The answer's wire name.
  std::string type;
  std::string payload;
  Headers headers{};
};

/// The result of a handler: one answer that the command declares, several, or none.
///
///     if (!customer) return CustomerNotFound{};
///
/// With a failure among the answers, the handler's writes to the database are rolled back; the
/// answers are still sent.
template <class Command>
class [[nodiscard]] Outcome final {
 public:
  Outcome(NoReply /*nothing*/) {}  // NOLINT(google-explicit-constructor): answers convert
  template <class Answer>
    requires(!std::same_as<Answer, Outcome> && !std::same_as<Answer, NoReply>)
  Outcome(Answer const& answer) {  // NOLINT(google-explicit-constructor)
    add(answer);
  }
  /// Several answers, sent in this order.
  template <class... Answers>
  static Outcome several(Answers const&... answers) {
    Outcome outcome{no_reply};
    (outcome.add(answers), ...);
    return outcome;
  }

  /// Adds a header to all answers.
  Outcome& with_header(std::string_view name, std::string const& value) {
    for (auto& reply : replies_) reply.headers.set(name, value);
    return *this;
  }

  [[nodiscard]] std::vector<ReplyDraft> const& replies() const { return replies_; }

 private:
  template <class Answer>
  void add(Answer const& answer) {
    if constexpr (requires { answer.valueless_by_exception(); }) {
      visit([this](auto const& one) { this->add(one); }, answer);
    } else {
      static_assert(AnswerTo<Command, Answer>,
                    "tram: the command does not declare this answer: name it in its `Success` or "
                    "`Failure`");
      static_assert(!SuccessOf<Command, Answer> || !FailureOf<Command, Answer>,
                    "tram: the command names this answer both as `Success` and as `Failure`");
      if constexpr (AnswerTo<Command, Answer>)
        replies_.push_back(
            {.outcome = SuccessOf<Command, Answer> ? ReplyOutcome::success : ReplyOutcome::failure,
             .type = std::string{wire_names<Answer>[0]},
             .payload = json::encode(answer)});
    }
  }

  std::vector<ReplyDraft> replies_;
};

namespace detail {

template <class T, class Command>
inline constexpr bool is_outcome = false;
template <class Command>
inline constexpr bool is_outcome<Outcome<Command>, Command> = true;

}  // namespace detail
}  // namespace tram

#pragma GCC visibility pop
