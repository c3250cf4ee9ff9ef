package conformance

import (
	"context"
	"time"

	"netproctor/internal/record"
)

// A Step is one thing that a scenario does or waits for. Each kind stands in
// a file of its own, with its fields, its word, how it is played and judged,
// and how it is written in a scenario file.
type Step interface {
	// play does it. An error is trouble of the harness, never the program's.
	play(ctx context.Context, p *player) error
	// judge says what the view means for it. It does no input or output and
	// may be asked many times while Play waits.
	judge(v *view, b *binding) Finding
	// star is the step as a scenario file writes it.
	star() string
}

// A State says how far a step has come.
type State int

// Pending waits on; OK holds; Failed does not; Invalid means that the harness
// itself did not do what the scenario says, as when a pause took too long.
// Skipped: it cannot be judged here, for the reason in Got.
const (
	Pending State = iota
	OK
	Failed
	Invalid
	Skipped
)

// A Finding is what Judge has to say of one step.
type Finding struct {
	State State
	// Late says that it failed because something did not come in time. From
	// outside that is never proved by one observation.
	Late bool
	// Waited is for how long it waited, where it is late.
	Waited time.Duration
	Want   string // what was required
	Got    string // what came instead
	Hint   string // only what explains the bytes exactly
	// Observed is which way a program went where both are right.
	Observed string
	// The bytes that the finding is about, for the dump: Layout may be nil.
	Conn   string
	Bytes  []byte
	Layout *record.Layout
	Bad    *record.FieldError
	// use is how many bytes of Conn the step consumes, and blank those that do
	// not count behind them.
	use   int
	blank string
}

var ok = Finding{State: OK}

// pending waits, and becomes a late failure when the wait runs out.
func pending(v *view, want, got string) Finding {
	if v.expired {
		return Finding{State: Failed, Late: true, Waited: v.now - v.begun, Want: want, Got: got}
	}
	return Finding{State: Pending, Want: want, Got: got}
}

// failed is a failure that no more waiting can mend.
func failed(want, got string) Finding {
	return Finding{State: Failed, Want: want, Got: got}
}

// broken is a step that the harness cannot judge, by a fault of the scenario.
func unfit(err error) Finding {
	return Finding{State: Invalid, Want: "a scenario that can be played", Got: err.Error()}
}

// An action is a step that only does something: there is nothing to judge.
type action struct{}

func (action) judge(*view, *binding) Finding { return ok }
