// expect: tram: the second parameter of a handler of replies is a Reply<R> const&
#include "customers.hpp"

tram::Subscription handlers() {
  return tram::handle_replies({"orders-replies"}).on([](tram::Transaction&, CreditReserved const&) {
  });
}
