// expect: tram: the text of a message is not decoded: take the tram::IncomingMessage const&, and
// read incoming.message.payload
#include "shipments.hpp"

auto const handlers = arrivals([](tram::Transaction&, std::string const&) {});
