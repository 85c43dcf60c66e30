#pragma once

#include <type_traits>

#pragma GCC visibility push(default)

namespace tram {

/// What a typed handler takes besides the transaction, and what it returns: `Handler` is a function
/// or an object with one call operator that is const and no template.
template <class Handler>
struct HandlerShape {};

template <class Handler>
  requires requires { &Handler::operator(); }
struct HandlerShape<Handler> : HandlerShape<decltype(&Handler::operator())> {};

template <class Returned, class One, class Two>
struct HandlerShape<Returned (*)(One, Two)> {
  using First = One;
  using Second = Two;
  using Argument = std::remove_cvref_t<Two>;
  using Result = Returned;
};
template <class Returned, class One, class Two, class Three>
struct HandlerShape<Returned (*)(One, Two, Three)> {
  using First = One;
  using Second = Two;
  using Third = Three;
  using Result = Returned;
};
template <class Returned, class... Taken>
struct HandlerShape<Returned (*)(Taken...) noexcept> : HandlerShape<Returned (*)(Taken...)> {};
template <class Returned, class Owner, class... Taken>
struct HandlerShape<Returned (Owner::*)(Taken...) const> : HandlerShape<Returned (*)(Taken...)> {};
template <class Returned, class Owner, class... Taken>
struct HandlerShape<Returned (Owner::*)(Taken...) const noexcept>
    : HandlerShape<Returned (*)(Taken...)> {};

/// A pointer to no function, or an empty `std::function`: it could never be called.
template <class Handler>
bool is_empty_handler(Handler const& handler) {
  if constexpr (std::is_pointer_v<Handler>) return handler == nullptr;
  else if constexpr (requires { handler.target_type(); }) return !handler;
  else return false;
}

/// Whether the handler's type shows its argument.
template <class Handler>
concept ShapedHandler = requires { typename HandlerShape<Handler>::Argument; };

}  // namespace tram

#pragma GCC visibility pop
