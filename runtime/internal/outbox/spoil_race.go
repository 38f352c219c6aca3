//go:build race

package outbox

// spoil overwrites memory that nobody may read any more, so that a test which
// runs with the race detector sees it if somebody does.
func spoil(b []byte) {
	for i := range b {
		b[i] = '#'
	}
}
