// expect: tram: the command does not declare this answer: name it in its `Success` or `Failure`
#include "customers.hpp"

void reply(tram::Transaction& tx, tram::Commands const& commands, tram::ReplyToken const& token) {
  commands.reply<ReserveCredit>(tx, token, ShipOrder{});
}
