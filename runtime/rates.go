package ws

import (
	"github.com/wsgen/wsgen/runtime/internal/rates"
)

// Rate is how often something may happen: Burst times at once, and PerSecond
// times a second for ever (a token bucket). The zero Rate is no limit.
type Rate struct {
	// PerSecond is the average; a fraction is fine. Zero or less is no limit.
	PerSecond float64
	// Burst is how many may come at once after a pause. Default: PerSecond
	// rounded up. Without PerSecond it means nothing.
	Burst int
}

// limits reports whether there is a limit.
func (r Rate) limits() bool { return rates.Rate(r).Limits() }

// burst returns Burst, or its default.
func (r Rate) burst() int { return rates.Rate(r).Size() }
