package conformance

import (
	"context"
	_ "embed"
	"errors"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"netproctor/internal/proc"
)

// warmSource is the program that starts programs.
//
//go:embed warm.py
var warmSource string

// ErrNotWarm says that a program cannot be started by forking.
var ErrNotWarm = errors.New("the command is not a Python script")

// warmLimit bounds the start of a program by forking, and of the interpreter if it is the first.
const warmLimit = 10 * time.Second

// forker starts an interpreter that has loaded what the command's script imports.
// It starts the script by forking, in a fraction of the time. The program finds
// what it would find else, but for its parent.
func (b *processBox) forker(ctx context.Context, spec proc.Spec) (*proc.Forker, error) {
	words := b.command.words
	if len(words) < 2 || !strings.HasPrefix(filepath.Base(words[0]), "python3") || strings.HasPrefix(words[1], "-") {
		return nil, ErrNotWarm
	}
	spec.Args = []string{words[0], "-c", warmSource, words[1]}
	return b.box.Forker(ctx, spec)
}

// fork starts the program by forking.
func (b *processBox) fork(ctx context.Context, f *proc.Forker, a Arguments, output Output) (*process, error) {
	args, err := a.Append(b.command.words)
	if err != nil {
		return nil, err
	}
	p, err := f.Start(ctx, proc.Spec{Args: args, Output: func(stream string, _ time.Time, data []byte) { output(stream, data) }}, warmLimit)
	if err != nil {
		return nil, err
	}
	return &process{p: p}, nil
}

// A Warm is a sandbox in which the program is started by forking, one after the
// other.
type Warm struct {
	box    *processBox
	forker *proc.Forker
	child  *process // that was started last; nil before
}

// Warm starts an interpreter for the command, bound to the processors. Its
// programs get a pipe in place of a terminal, as by StartDirect.
func (b *processBox) Warm(ctx context.Context, processors []int) (*Warm, error) {
	f, err := b.forker(ctx, proc.Spec{Processors: processors, Piped: true})
	if err != nil {
		return nil, err
	}
	return &Warm{box: b, forker: f}, nil
}

// Start starts the program. The one before it has ended.
func (w *Warm) Start(ctx context.Context, a Arguments, output Output) (Process, error) {
	p, err := w.box.fork(ctx, w.forker, a, output)
	if err != nil {
		return nil, err
	}
	w.child = p
	return p, nil
}

// Clean kills the program, and tells whether nothing of it is left.
func (w *Warm) Clean() bool {
	if w.child == nil {
		return w.forker.Alone()
	}
	_ = w.child.Signal(syscall.SIGKILL)
	select {
	case <-w.child.Done():
		return w.forker.Alone()
	case <-time.After(time.Second):
		return false
	}
}

// Close ends the interpreter. The program is ended with the sandbox.
func (w *Warm) Close() error {
	w.forker.Close()
	return nil
}
