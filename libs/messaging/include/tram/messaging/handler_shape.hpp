#pragma once

#include <type_traits>

namespace tram {

/// What a typed handler takes besides the transaction, and what it returns: `Handler` is a function
/// or an object with one call operator that is no template.
template <class Handler>
struct HandlerShape;

template <class Handler>
  requires requires { &Handler::operator(); }
struct HandlerShape<Handler> : HandlerShape<decltype(&Handler::operator())> {};

template <class Returned, class Transaction, class Taken>
struct HandlerShape<Returned (*)(Transaction, Taken)> {
  using Argument = std::remove_cvref_t<Taken>;
  using Result = Returned;
};
template <class Returned, class Transaction, class Taken>
struct HandlerShape<Returned (*)(Transaction, Taken) noexcept>
    : HandlerShape<Returned (*)(Transaction, Taken)> {};
template <class Returned, class Owner, class Transaction, class Taken>
struct HandlerShape<Returned (Owner::*)(Transaction, Taken) const>
    : HandlerShape<Returned (*)(Transaction, Taken)> {};
template <class Returned, class Owner, class Transaction, class Taken>
struct HandlerShape<Returned (Owner::*)(Transaction, Taken) const noexcept>
    : HandlerShape<Returned (*)(Transaction, Taken)> {};

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
