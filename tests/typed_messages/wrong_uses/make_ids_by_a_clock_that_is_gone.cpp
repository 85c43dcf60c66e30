// expect: use of deleted function ‘tram::IdGenerator::IdGenerator(const tram::Clock&&,
// tram::MachineNumber)’
#include "orders.hpp"

void make() { tram::IdGenerator ids{tram::SystemClock{}, tram::MachineNumber{1}}; }
