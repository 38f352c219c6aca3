//go:build !linux

package cli

// prepareMemory does nothing where a system decides by itself.
func prepareMemory() {}
