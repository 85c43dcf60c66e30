#pragma once

#include <concepts>
#include <variant>

#include "tram/commands/plain_replies.hpp"
#include "tram/wire/channel.hpp"
#include "tram/wire/wire_type.hpp"

#pragma GCC visibility push(default)

namespace tram {

/// A channel on which a service takes these commands:
///
///     inline constexpr tram::Endpoint<ReserveCredit, ReleaseCredit> service{{"customers"}};
///
/// A command is a plain struct with a wire name that may declare its answers, each one type or a
/// `std::variant` of several; without them they are `tram::Success` and `tram::Failure`:
///
///     struct ReserveCredit {
///       static constexpr tram::WireType wire_type{"customers.ReserveCredit"};
///       using Success = CreditReserved;
///       using Failure = std::variant<CustomerNotFound, CreditLimitExceeded>;
///       CustomerId customer_id;
///     };
template <class... Commands>
struct Endpoint {
  Channel channel;

  template <class Command>
  static constexpr bool takes = (std::same_as<Command, Commands> || ...);
};

namespace detail {

template <class... Types>
struct TypeList {
  template <class T>
  static constexpr bool has = (std::same_as<T, Types> || ...);
};
template <class T>
struct AsList {
  using Type = TypeList<T>;
};
template <class... Types>
struct AsList<std::variant<Types...>> {
  using Type = TypeList<Types...>;
};

template <class Command>
struct SuccessesOf {
  using Type = TypeList<Success>;
};
template <class Command>
  requires requires { typename Command::Success; }
struct SuccessesOf<Command> : AsList<typename Command::Success> {};

template <class Command>
struct FailuresOf {
  using Type = TypeList<Failure>;
};
template <class Command>
  requires requires { typename Command::Failure; }
struct FailuresOf<Command> : AsList<typename Command::Failure> {};

template <class Successes, class Failures>
struct Answers;
template <class... Successes, class... Failures>
struct Answers<TypeList<Successes...>, TypeList<Failures...>> {
  using Any = std::variant<Successes..., Failures...>;
};

}  // namespace detail

/// Whether the command names `Answer` among its successes.
template <class Command, class Answer>
concept SuccessOf = detail::SuccessesOf<Command>::Type::template has<Answer>;
/// Whether the command names `Answer` among its failures.
template <class Command, class Answer>
concept FailureOf = detail::FailuresOf<Command>::Type::template has<Answer>;
template <class Command, class Answer>
concept AnswerTo = SuccessOf<Command, Answer> || FailureOf<Command, Answer>;

/// Any answer to the command, successes first.
template <class Command>
using AnyAnswerTo = typename detail::Answers<typename detail::SuccessesOf<Command>::Type,
                                             typename detail::FailuresOf<Command>::Type>::Any;

}  // namespace tram

#pragma GCC visibility pop
