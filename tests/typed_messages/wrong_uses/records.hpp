#pragma once

#include "tram/broker/consumer.hpp"
#include "tram/broker/producer.hpp"
#include "tram/relay/change_source.hpp"
