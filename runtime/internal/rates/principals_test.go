package rates

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// TestPrincipalsForget: quotas of principals are kept while they count, and do
// not pile up afterwards.
func TestPrincipalsForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p Principals
		of := Rate{PerSecond: 1, Burst: 2}
		visit := func(id string) {
			q := p.acquire(id, of)
			q.bucket.Allow()
			p.release(q)
		}
		for i := range 1000 {
			visit(fmt.Sprint("first ", i))
		}
		if len(p.byID) != 1000 {
			t.Errorf("%d left of 1000 that count", len(p.byID))
		}
		kept := p.acquire("kept", of)
		time.Sleep(time.Hour)
		for range 1000 {
			visit("second")
		}
		if n := len(p.byID); n > 10 || p.byID["kept"] != kept {
			t.Errorf("%d are kept, the one in use is %v", n, p.byID["kept"])
		}
	})
}
