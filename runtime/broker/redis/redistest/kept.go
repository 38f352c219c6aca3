package redistest

import (
	"os"
	"path/filepath"
)

// Empty takes everything away that the server has, and all scripts that it knows.
func (s *Server) Empty() {
	s.t.Helper()
	s.Do("FLUSHALL")
	s.Do("SCRIPT", "FLUSH")
}

// Save writes what the server has to its disk. The function that it returns kills the
// server and starts it again with that: what has come since is lost.
func (s *Server) Save() (restore func()) {
	s.t.Helper()
	s.Do("SAVE")
	return func() {
		s.t.Helper()
		s.Kill()
		s.Start()
		// The next start finds nothing, as it did before.
		if err := os.Remove(filepath.Join(s.dir, "dump.rdb")); err != nil {
			s.t.Fatal(err)
		}
	}
}

// Empty takes everything away that the masters have.
func (c *Cluster) Empty() {
	c.t.Helper()
	for _, s := range c.Masters {
		s.Empty()
	}
}

// Save is Server.Save of all masters.
func (c *Cluster) Save() (restore func()) {
	c.t.Helper()
	restores := make([]func(), len(c.Masters))
	for i, s := range c.Masters {
		restores[i] = s.Save()
	}
	return func() {
		c.t.Helper()
		for _, restore := range restores {
			restore()
		}
		c.Wait()
	}
}
