package natsbroker

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/wsgen/wsgen/runtime/broker"
)

// This file keeps what is known of the stream of a log.

const (
	lookEvery   = 10 * time.Second       // how long what was said of a stream is believed
	lookMade    = 20 * time.Millisecond  // behind a stream that another node makes
	lookForLost = 200 * time.Millisecond // between questions about what a stream seems to have lost
	mostLooks   = 100
	mostAge     = 24 * time.Hour // for so long silent channels are known, where messages are kept for ever
)

// What the adapter writes into the metadata of a stream.
const (
	metaEpoch = "wsgen.epoch"
	metaLeast = "wsgen.least" // the smallest size that the log has had in this epoch
)

// stream is what a link knows of the stream of a log.
type stream struct {
	l     *link
	name  string
	front string        // of its subjects: ws.~k.main.chat~Events.
	turn  chan struct{} // holds a token of whoever asks the servers

	mu     sync.Mutex
	known  facts  // guarded by mu
	newest newest // guarded by mu
	marked mark   // guarded by mu
}

// facts are what the servers have said of a stream.
type facts struct {
	conn        *conn // over which; nil: nothing is known, or it is in doubt
	asked       time.Time
	epoch       string
	least       int           // so many messages of each channel were never too many
	age         time.Duration // for which messages are kept
	first, last uint64        // sequences that the leader had
}

// stream returns what the link knows of a log.
func (l *link) stream(log string) *stream {
	token := logToken(log)
	l.shelf.Lock()
	defer l.shelf.Unlock()
	s := l.streams[token]
	if s == nil {
		s = &stream{
			l: l, name: l.names.streams + token, front: l.names.front + token + ".",
			turn: make(chan struct{}, 1),
		}
		l.streams[token] = s
	}
	return s
}

// hears notes a message that was heard, if it is one of a log that this node keeps.
func (l *link) hears(m heard) {
	l.shelf.Lock()
	s := l.streams[m.log]
	l.shelf.Unlock()
	if s != nil {
		s.hears(m)
	}
}

// subject returns where a message for a channel is kept. The channel may be ">".
func (s *stream) subject(epoch, channel string) string { return s.front + epoch + "." + channel }

// get returns facts about a stream, and makes it if it is not there. Those that are
// fresh were asked for since it was called.
func (s *stream) get(ctx context.Context, c *conn, log broker.Log, fresh bool) (facts, error) {
	began := time.Now()
	if f, ok := s.believed(c); ok && !fresh {
		return f, nil
	}
	if err := s.begin(ctx, c); err != nil {
		return facts{}, err
	}
	defer s.end()
	if f, ok := s.believed(c); ok && (!fresh || f.asked.After(began)) {
		return f, nil // somebody else has asked meanwhile
	}
	f, err := s.look(ctx, c, log, false)
	if err == nil || fresh {
		return f, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known.conn != c {
		return facts{}, err
	}
	// Nobody says otherwise: there may be no leader, and any replica can be read.
	s.known.asked = time.Now().Add(time.Second - lookEvery)
	return s.known, nil
}

// begin waits until nobody else asks.
func (s *stream) begin(ctx context.Context, c *conn) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-c.pipe.gone:
		return broker.ErrDown
	case <-s.l.closing.Done():
		return broker.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *stream) end() { <-s.turn }

// believed returns what is known, if that is believed still.
func (s *stream) believed(c *conn) (facts, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known, s.known.conn == c && time.Since(s.known.asked) < lookEvery
}

// doubt has the servers asked before anything else is said.
func (s *stream) doubt() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known.conn = nil
}

// ---- asking; the caller has the turn

// look asks the leader. It makes a stream that is not there, and begins another epoch
// in one that has lost messages. If change is true the bounds become the log's.
func (s *stream) look(ctx context.Context, c *conn, log broker.Log, change bool) (facts, error) {
	lost := 0
	for range mostLooks {
		asked, before := time.Now(), s.seen()
		info, err := c.info(ctx, s.name)
		if code(err) == codeNoStream {
			err = s.create(ctx, c, log)
			if code(err) == codeNameInUse { // another node was sooner
				err = pause(ctx, c, lookMade)
			}
			if err == nil {
				continue
			}
		}
		if err != nil {
			return facts{}, withRemedy(err)
		}
		f, err := s.read(info)
		if err != nil {
			return facts{}, err
		}
		f.conn, f.asked = c, asked
		switch {
		case s.hasLost(f, before) && lost < 3: // a leader that is new may not know all yet
			lost++
			err = pause(ctx, c, lookForLost)
		case s.hasLost(f, before):
			s.l.log.lost(s.name)
			err = s.update(ctx, c, info, log, true)
		case change && s.differs(info, log):
			change = false
			err = s.update(ctx, c, info, log, false)
		default:
			s.mu.Lock()
			s.known = f
			s.mu.Unlock()
			return f, nil
		}
		if err != nil {
			return facts{}, withRemedy(err)
		}
	}
	return facts{}, errLags
}

// pause waits for a moment.
func pause(ctx context.Context, c *conn, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-c.pipe.gone:
		return broker.ErrDown
	case <-c.l.closing.Done():
		return broker.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
}

// read reads what JetStream says of a stream.
func (s *stream) read(info streamInfo) (f facts, err error) {
	var subjects []string
	var to *republish
	var direct bool
	var meta map[string]string
	for field, value := range map[string]any{"subjects": &subjects, "republish": &to, "allow_direct": &direct, "metadata": &meta} {
		if raw := info.Config[field]; raw != nil {
			if err := json.Unmarshal(raw, value); err != nil {
				return f, fmt.Errorf("natsbroker: stream %s: %s: %w", s.name, field, err)
			}
		}
	}
	f.epoch = meta[metaEpoch]
	f.least, _ = strconv.Atoi(meta[metaLeast])
	f.age = mostAge
	var age time.Duration
	if err := json.Unmarshal(info.Config["max_age"], &age); err == nil && age > 0 {
		f.age = min(age, mostAge)
	}
	f.first, f.last = info.State.First, info.State.Last
	if !isEpoch(f.epoch) || len(subjects) != 1 || subjects[0] != s.subject(f.epoch, ">") || !direct || to == nil || to.Destination != s.l.names.all {
		return f, fmt.Errorf("%w: %s", errForeign, s.name)
	}
	return f, nil
}

// create makes the stream.
func (s *stream) create(ctx context.Context, c *conn, log broker.Log) error {
	epoch, o := newEpoch(), s.l.history
	replicas := o.Replicas
	if replicas == 0 {
		replicas = 1
		if c.nc.ConnectedClusterName() != "" {
			replicas = 3
		}
	}
	config := streamConfig{
		Name: s.name, Description: "kept messages of wsgen: " + strings.ToValidUTF8(log.Name, "?"),
		Subjects: []string{s.subject(epoch, ">")}, Retention: "limits", Storage: "file", Discard: "old",
		MaxConsumer: -1, MaxMessages: -1, MaxSize: -1, MaxBytes: o.maxBytes(),
		MaxAge: age(log), MaxEach: each(log), Window: broker.KeyTime, Replicas: replicas,
		Republish: s.republish(epoch), AllowDirect: true,
		Metadata: map[string]string{metaEpoch: epoch, metaLeast: strconv.Itoa(log.Size)},
	}
	return c.api(ctx, "STREAM.CREATE."+s.name, config, &struct{}{})
}

func (s *stream) republish(epoch string) *republish {
	return &republish{Source: s.subject(epoch, ">"), Destination: s.l.names.all}
}

// age returns how long messages are kept: as long as keys are known, at least, because
// JetStream knows keys of what it has.
func age(log broker.Log) time.Duration { return max(log.TTL, broker.KeyTime) }

// each returns how many messages of a channel are kept: one more than the log says, so
// that who has missed as many as that finds the last one that they have had.
func each(log broker.Log) int64 { return int64(log.Size) + 1 }

// bounds are those fields of a configuration that a log and the options decide.
func (s *stream) bounds(log broker.Log) map[string]int64 {
	b := map[string]int64{"max_age": int64(age(log)), "max_msgs_per_subject": each(log)}
	if s.l.history.Replicas != 0 {
		b["num_replicas"] = int64(s.l.history.Replicas)
	}
	if s.l.history.MaxBytes != 0 {
		b["max_bytes"] = s.l.history.maxBytes()
	}
	return b
}

// differs reports whether a stream has other bounds than it shall.
func (s *stream) differs(info streamInfo, log broker.Log) bool {
	for field, want := range s.bounds(log) {
		var is int64
		if json.Unmarshal(info.Config[field], &is) != nil || is != want {
			return true
		}
	}
	return false
}

// update changes the bounds of a stream, or its epoch. All else stays as it is.
func (s *stream) update(ctx context.Context, c *conn, info streamInfo, log broker.Log, renew bool) error {
	var meta map[string]string
	if err := json.Unmarshal(info.Config["metadata"], &meta); err != nil {
		return err
	}
	maps.DeleteFunc(meta, func(key, _ string) bool { return strings.HasPrefix(key, "_nats.") }) // the servers' own
	set := make(map[string]any)
	if renew {
		var each int
		_ = json.Unmarshal(info.Config["max_msgs_per_subject"], &each) // else nothing is certain in this epoch
		meta[metaEpoch], meta[metaLeast] = newEpoch(), strconv.Itoa(max(each-1, 0))
		set["subjects"] = []string{s.subject(meta[metaEpoch], ">")}
		set["republish"] = s.republish(meta[metaEpoch])
	} else {
		least, _ := strconv.Atoi(meta[metaLeast])
		meta[metaLeast] = strconv.Itoa(min(least, log.Size))
		for field, value := range s.bounds(log) {
			set[field] = value
		}
	}
	set["metadata"] = meta
	config := maps.Clone(info.Config)
	for field, value := range set {
		raw, err := json.Marshal(value)
		if err != nil {
			return err
		}
		config[field] = raw
	}
	return c.api(ctx, "STREAM.UPDATE."+s.name, config, &struct{}{})
}

// Declare implements broker.Keeper.
func (l *link) Declare(ctx context.Context, logs []broker.Log) error {
	return l.asking(ctx, func(c *conn) error {
		for _, log := range logs {
			if err := l.stream(log.Name).declare(ctx, c, log); err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *stream) declare(ctx context.Context, c *conn, log broker.Log) error {
	if err := s.begin(ctx, c); err != nil {
		return err
	}
	defer s.end()
	_, err := s.look(ctx, c, log, true)
	return err
}
