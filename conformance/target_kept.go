package conformance

import (
	"context"
	"errors"
	"sync"

	"netproctor/internal/proc"
)

// A Kept is a Command whose sandboxes are made clean and used again, where that
// can be done, and in which Python programs are started by forking. To a program
// they look like fresh ones, but for what the kernel remembers of connections: it
// is for those who play thousands of scenarios. Close it at the end.
type Kept struct {
	*Command

	mu     sync.Mutex
	vacant []*keptBox
	closed bool
	cold   bool // programs cannot be started by forking
}

// Kept gives the same target with sandboxes that are kept.
func (c *Command) Kept() *Kept { return &Kept{Command: c} }

// mostPlays is how often a sandbox is used: what it collects, such as ports that
// were used, must not grow for ever.
const mostPlays = 1000

// Open implements Target.
func (k *Kept) Open(ctx context.Context) (Sandbox, error) {
	k.mu.Lock()
	if last := len(k.vacant) - 1; last >= 0 {
		b := k.vacant[last]
		k.vacant = k.vacant[:last]
		k.mu.Unlock()
		return b, nil
	}
	cold := k.cold
	k.mu.Unlock()
	// It outlives this play.
	box, err := k.isolation.Open(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	b := &keptBox{processBox: processBox{command: k.Command, box: box}, of: k}
	if err := box.Keep(); err != nil {
		return nil, errors.Join(err, box.Close())
	}
	if !cold {
		b.warm, err = b.forker(ctx, proc.Spec{})
	}
	if err != nil {
		k.goCold()
	}
	return b, nil
}

// goCold starts programs by their command from now on.
func (k *Kept) goCold() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.cold = true
}

// keep takes a sandbox back, and tells whether it did.
func (k *Kept) keep(b *keptBox) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.closed {
		k.vacant = append(k.vacant, b)
	}
	return !k.closed
}

// Close ends the sandboxes that are not open, and others when they are closed.
func (k *Kept) Close() (err error) {
	k.mu.Lock()
	vacant := k.vacant
	k.vacant, k.closed = nil, true
	k.mu.Unlock()
	for _, b := range vacant {
		err = errors.Join(err, b.box.Close())
	}
	return err
}

// A keptBox is a sandbox of a Kept, in one play after another.
type keptBox struct {
	processBox
	of     *Kept
	warm   *proc.Forker // nil if programs are started by their command
	forked bool         // it has started one
	plays  int
}

// Start implements Sandbox.
func (b *keptBox) Start(ctx context.Context, a Arguments, output Output) (Process, error) {
	if b.warm == nil {
		return b.processBox.Start(ctx, a, output)
	}
	p, err := b.fork(ctx, b.warm, a, output)
	if err == nil {
		b.forked = true
		return p, nil
	}
	if b.forked || ctx.Err() != nil || errors.Is(err, ErrOwnArguments) {
		return nil, err
	}
	b.of.goCold()
	b.warm = nil
	return b.processBox.Start(ctx, a, output)
}

// Close makes the sandbox clean for another play, or ends it.
func (b *keptBox) Close() error {
	b.plays++
	if b.plays < mostPlays && b.box.Tidy(b.warm) && b.of.keep(b) {
		return nil
	}
	return b.box.Close()
}
