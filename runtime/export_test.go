package ws

// Portable has a Server read and write as on systems without system calls of
// our own, and as over TLS. It must be called before the first connection.
func (s *Server) Portable() { s.portable = true }
