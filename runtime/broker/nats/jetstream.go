package natsbroker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// This file speaks JetStream's protocol: questions in JSON, on subjects that begin
// with $JS.API.

// Errors of JetStream that mean something to the adapter.
const (
	codeNoPeers       = 10005
	codeResources     = 10023
	codeMaxStreams    = 10027
	codeNoMessage     = 10037
	codeNoAccount     = 10039
	codeStorage       = 10047
	codeConfig        = 10052
	codeNameInUse     = 10058
	codeNoStream      = 10059
	codeOverlap       = 10065
	codeNotLast       = 10071
	codeNotClustered  = 10074
	codeNotEnabled    = 10076
	codeSameInProcess = 10158
)

// apiError is an error of JetStream.
type apiError struct {
	Code        int    `json:"code"`
	ErrCode     int    `json:"err_code"`
	Description string `json:"description"`
}

// Error returns what JetStream says, and the number by which its documentation knows
// it.
func (e *apiError) Error() string { return fmt.Sprintf("JetStream: %s (%d)", e.Description, e.ErrCode) }

// code returns the number of an error of JetStream, or 0.
func code(err error) int {
	var e *apiError
	if errors.As(err, &e) {
		return e.ErrCode
	}
	return 0
}

// isForGood reports whether an error will be the same the next time, until somebody
// changes something.
func isForGood(err error) bool {
	switch code(err) {
	case codeNoPeers, codeResources, codeMaxStreams, codeNoAccount, codeStorage, codeConfig, codeOverlap, codeNotClustered, codeNotEnabled:
		return true
	}
	return errors.Is(err, errForeign) || errors.Is(err, errNobody) || isPermission(err)
}

// errForeign is why a stream is not used.
var errForeign = errors.New("natsbroker: a stream of this name is there that this adapter has not made: choose another Options.Prefix, or delete it")

// withRemedy adds to an error of JetStream what to do about it, where that is known.
func withRemedy(err error) error {
	switch code(err) {
	case codeNotEnabled, codeNoAccount:
		return fmt.Errorf("natsbroker: %w: to keep messages, write jetstream {store_dir: \"/data/jetstream\"} into the configuration of each server and, if it has accounts, jetstream: enabled into that of the nodes", err)
	case codeStorage, codeResources:
		return fmt.Errorf("natsbroker: %w: make Options.History.MaxBytes smaller, which each log reserves, or max_file in the servers' jetstream block larger", err)
	case codeNoPeers, codeNotClustered:
		return fmt.Errorf("natsbroker: %w: Options.History.Replicas is as many servers with JetStream as there are, at most", err)
	case codeMaxStreams:
		return fmt.Errorf("natsbroker: %w: each log is a stream: raise max_streams in the servers' configuration, or keep fewer logs", err)
	case codeOverlap:
		return fmt.Errorf("natsbroker: %w: another stream has subjects below <prefix>.%s: choose another Options.Prefix, or change that stream", err, keptToken)
	}
	if errors.Is(err, errNobody) && strings.Contains(err.Error(), "$JS.API.") {
		return fmt.Errorf("%w: to keep messages, write jetstream {store_dir: \"/data/jetstream\"} into the configuration of each server, and allow this user to publish to $JS.API.>", err)
	}
	return err
}

// first is for questions with one answer.
func first(*nats.Msg) bool { return true }

// api puts a question to JetStream and reads the answer. The question may be nil.
func (c *conn) api(ctx context.Context, name string, question, answer any) error {
	var text []byte
	if question != nil {
		var err error
		if text, err = json.Marshal(question); err != nil {
			return err
		}
	}
	got, err := c.call(ctx, "$JS.API."+name, text, first)
	if err != nil {
		return err
	}
	var failed struct {
		Error *apiError `json:"error"`
	}
	if err := json.Unmarshal(got[0].Data, &failed); err != nil {
		return fmt.Errorf("natsbroker: $JS.API.%s: %w", name, err)
	}
	if failed.Error != nil {
		return failed.Error
	}
	if err := json.Unmarshal(got[0].Data, answer); err != nil {
		return fmt.Errorf("natsbroker: $JS.API.%s: %w", name, err)
	}
	return nil
}

// streamInfo is what JetStream says of a stream.
type streamInfo struct {
	// Config is all of it, so that what others have set is kept.
	Config map[string]json.RawMessage `json:"config"`
	State  struct {
		First uint64 `json:"first_seq"`
		Last  uint64 `json:"last_seq"`
		// Subjects are how many messages there are on those that were asked for. The
		// servers count them behind Last, so all up to that are among them.
		Subjects map[string]uint64 `json:"subjects"`
	} `json:"state"`
}

// republish is how a stream publishes what it keeps.
type republish struct {
	Source      string `json:"src"`
	Destination string `json:"dest"`
}

// streamConfig is what the adapter sets of a stream.
type streamConfig struct {
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Subjects    []string          `json:"subjects"`
	Retention   string            `json:"retention"`
	Storage     string            `json:"storage"`
	Discard     string            `json:"discard"`
	MaxConsumer int               `json:"max_consumers"`
	MaxMessages int64             `json:"max_msgs"`
	MaxSize     int               `json:"max_msg_size"`
	MaxBytes    int64             `json:"max_bytes"`
	MaxAge      time.Duration     `json:"max_age"`
	MaxEach     int64             `json:"max_msgs_per_subject"`
	Window      time.Duration     `json:"duplicate_window"`
	Replicas    int               `json:"num_replicas"`
	Republish   *republish        `json:"republish"`
	AllowDirect bool              `json:"allow_direct"`
	Metadata    map[string]string `json:"metadata"`
}

// info asks the leader for a stream.
func (c *conn) info(ctx context.Context, stream string) (info streamInfo, err error) {
	err = c.api(ctx, "STREAM.INFO."+stream, nil, &info)
	return info, err
}

// infoOn is info with how many messages there are on a subject.
func (c *conn) infoOn(ctx context.Context, stream, subject string) (info streamInfo, err error) {
	ask := struct {
		Subject string `json:"subjects_filter"`
	}{subject}
	err = c.api(ctx, "STREAM.INFO."+stream, ask, &info)
	return info, err
}

// question is one for messages.
type question struct {
	Seq       uint64   `json:"seq,omitempty"`
	Last      string   `json:"last_by_subj,omitempty"`
	Next      string   `json:"next_by_subj,omitempty"`
	Batch     int      `json:"batch,omitempty"`
	MaxBytes  int      `json:"max_bytes,omitempty"`
	MultiLast []string `json:"multi_last,omitempty"`
	UpTo      uint64   `json:"up_to_seq,omitempty"`
}

// ofLeader asks the leader of a stream for a message, and returns its sequence; 0 if
// there is none, which is certain.
func (c *conn) ofLeader(ctx context.Context, stream string, q question) (uint64, error) {
	var answer struct {
		Message struct {
			Seq uint64 `json:"seq"`
		} `json:"message"`
	}
	err := c.api(ctx, "STREAM.MSG.GET."+stream, q, &answer)
	if code(err) == codeNoMessage {
		return 0, nil
	}
	return answer.Message.Seq, err
}

// stored is a message of a stream.
type stored struct {
	subject string
	seq     uint64
	data    []byte
	time    string // when it was stored, as JetStream writes it
}

// found is the answer to a question for several messages.
type found struct {
	messages []stored
	pending  int    // how many there are besides
	last     uint64 // the sequence of the last one
	upTo     uint64 // the last sequence that the server knew which has answered
}

// ofAny asks any server that has a stream for messages. One that is not the leader may
// lag, so what is not there may be there.
func (c *conn) ofAny(ctx context.Context, stream string, q question) (f found, err error) {
	text, err := json.Marshal(q)
	if err != nil {
		return f, err
	}
	isLast := func(m *nats.Msg) bool { return status(m) != "" }
	if q.Last != "" {
		isLast = first
	}
	all, err := c.call(ctx, "$JS.API.DIRECT.GET."+stream, text, isLast)
	if err != nil {
		return f, err
	}
	for _, m := range all {
		switch s := status(m); s {
		case "":
			seq, ok := parseOffset(m.Header.Get("Nats-Sequence"))
			if !ok {
				return f, fmt.Errorf("natsbroker: an answer of JetStream without a sequence: %q", m.Header)
			}
			f.messages = append(f.messages, stored{subject: m.Header.Get("Nats-Subject"), seq: seq, data: m.Data, time: m.Header.Get("Nats-Time-Stamp")})
		case "204":
			pending, _ := parseOffset(m.Header.Get("Nats-Num-Pending"))
			f.pending = int(pending)
			f.last, _ = parseOffset(m.Header.Get("Nats-Last-Sequence"))
			f.upTo, _ = parseOffset(m.Header.Get("Nats-UpTo-Sequence"))
		case "404":
		default:
			return f, fmt.Errorf("natsbroker: JetStream: %s %s", s, m.Header.Get("Description"))
		}
	}
	return f, nil
}
