package chat

import (
	"context"
	"log/slog"

	ws "github.com/wsgen/wsgen/runtime"
)

// maxOrders is how many orders may wait for the worker.
const maxOrders = 64

// Order is a job: what to make, and which connection wants to know when it is done.
type Order struct {
	Conn ws.ConnID
	Text string
}

// OrderQueue is a bounded in-process queue between the gateway and the worker. Safe for
// concurrent use.
type OrderQueue struct{ jobs chan Order }

// NewOrderQueue returns an empty queue.
func NewOrderQueue() *OrderQueue { return &OrderQueue{jobs: make(chan Order, maxOrders)} }

// Put adds an order without blocking. A full queue is an error with code unavailable.
func (q *OrderQueue) Put(o Order) error {
	select {
	case q.jobs <- o:
		return nil
	default:
		return ws.NewError(ws.CodeUnavailable, "too many orders are waiting, try again")
	}
}

// OrderWorker makes what was ordered. It sees no connection, only the Server.
type OrderWorker struct{ Server *ws.Server }

// Run works on the orders of q until ctx ends. An order whose connection is gone is made in vain.
func (w *OrderWorker) Run(ctx context.Context, q *OrderQueue) {
	for {
		select {
		case <-ctx.Done():
			return
		case o := <-q.jobs:
			if _, err := w.Server.Emit(o.Conn, "order_done", OrderDone{Text: o.Text}); err != nil {
				slog.Warn("order_done was not delivered", "conn", o.Conn, "error", err)
			}
		}
	}
}
