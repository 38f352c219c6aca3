//go:build race

package outbox

// spoil overwrites memory that must not be read any more, so that a test which
// runs with the race detector sees it if it is.
func spoil(b []byte) {
	for i := range b {
		b[i] = '#'
	}
}
