package ws

// GeneratedV2 is named by files that wsgen generated before clients could be asked.
// All that they call newer files call as well. They need not be generated again.
//
// Deprecated: wsgen writes [GeneratedV3].
const GeneratedV2 = true
