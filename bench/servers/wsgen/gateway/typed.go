package gateway

import "github.com/wsgen/wsgen/bench/internal/payload"

// Typed answers with data as real programs send it: nested, with lists, maps,
// pointers and times. It is a gateway beside the one of all other rows, whose
// connections would have deeper stacks with values of this size.
//
//ws:gateway /typed
//ws:guard Door
type Typed struct{ Payloads }

// Std answers as Typed does, and leaves all JSON to encoding/json.
//
//ws:gateway /std codec=std
//ws:guard Door
type Std struct{ Payloads }

// Payloads has their handlers.
type Payloads struct{}

// Telemetry answers with the report of a device.
//
//ws:subscribe telemetry mode=inline
//ws:guard Members
func (Payloads) Telemetry(report payload.Telemetry) payload.Telemetry { return report }

// Order answers with an order.
//
//ws:subscribe order mode=inline
//ws:guard Members
func (Payloads) Order(order payload.Order) payload.Order { return order }

// Page answers with a page of a history.
//
//ws:subscribe page mode=inline
//ws:guard Members
func (Payloads) Page(page payload.Page) payload.Page { return page }
