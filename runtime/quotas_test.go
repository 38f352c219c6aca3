package ws

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestQuotasForget: what principals have used is kept while it counts, and does
// not pile up afterwards.
func TestQuotasForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var q quotas
		of := Rate{PerSecond: 1, Burst: 2}
		visit := func(id string) {
			u := q.acquire(id, of)
			u.limiter.Allow()
			q.release(u)
		}
		for i := range 1000 {
			visit(fmt.Sprint("first ", i))
		}
		if len(q.byID) != 1000 {
			t.Errorf("%d left of 1000 that count", len(q.byID))
		}
		kept := q.acquire("kept", of)
		time.Sleep(time.Hour)
		for range 1000 {
			visit("second")
		}
		if n := len(q.byID); n > 10 || q.byID["kept"] != kept {
			t.Errorf("%d are kept, the one in use is %v", n, q.byID["kept"])
		}
	})
}
