package fuzz

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"netproctor/conformance"
)

// RunTurns plays histories of a state machine on one server that stays up: its
// moves, and moves that somebody does wrong. A worker's i-th one follows from the
// seed, the worker and i. The server, and the thread that plays, have a processor
// to themselves; what one client is told is waited for, and where nobody is told
// anything the kernel tells when the server rests. That makes it some hundred times
// as fast as RunMachine, by which each fault is shown again, on servers of its own,
// before it is a finding.
//
// A target that is no program of the operating system is left to RunMachine.
func RunTurns(ctx context.Context, o MachineOptions) (*Campaign, error) {
	if _, process := o.Target.(*conformance.Command); !process {
		return RunMachine(ctx, o)
	}
	o.shorten = turnsShorten
	c := newTurns(&o)
	processors, undo := pin(o.Worker)
	defer undo()
	defer o.alone(processors)()
	defer exactly()()
	c.start.processors = processors
	if !o.Cold {
		c.start.warm = &warmRoom{}
		defer func() { _ = c.start.warm.close() }() // what it left is a temporary directory
	}
	if err := c.fresh(ctx); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNeverWorked, err)
	}
	err := c.run(ctx)
	c.drop()
	c.tally()
	c.Campaign.Blind, c.Campaign.Stopped = !c.answered, stopped(ctx, err)
	return &c.Campaign, nil
}

// turnsShorten is for how long a campaign of turns stops to make a history short.
const turnsShorten = 8 * time.Second

// exactly has the calling thread sleep as long as it wants to, and not longer by
// what saves the kernel a wake-up, until undo is called.
func exactly() (undo func()) {
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	return func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }
}

// turns is the state of one RunTurns. What it shares with RunMachine is how
// faults are followed up.
type turns struct {
	stateful
	start  Options // how servers are started
	cases  *turnCases
	player *player
	from   int // the first history that the server was played
	looked int // before which one it was looked at last
	limit  time.Duration
	// careful is set when a fault could not be shown again: perhaps the player
	// was too fast.
	careful  bool
	answered bool
	exchange int // what servers before this one have told
	vain     map[string]int
}

func newTurns(o *MachineOptions) *turns {
	c := &turns{
		stateful: stateful{o: o, began: time.Now(), known: map[string]bool{}, tries: map[string]int{}},
		start:    Options{Protocol: o.Protocol, Target: o.Target, Files: o.Machine.Files},
		cases:    newTurnCases(o), limit: answerLimit, vain: map[string]int{},
	}
	return c
}

// fresh starts the server anew.
func (c *turns) fresh(ctx context.Context) error {
	c.drop()
	p, err := c.start.start(ctx)
	for n := 1; err != nil && c.Starts > 0 && n < mostFailed && ctx.Err() == nil; n++ {
		p, err = c.start.start(ctx)
	}
	if err != nil {
		return err
	}
	c.Starts++
	p.reasons = nil
	if _, direct := p.box.(conformance.Direct); !direct {
		return errors.Join(fmt.Errorf("%s: %w", c.o.Target, errors.ErrUnsupported), p.close())
	}
	if err := awaitDatagrams(ctx, p.process, c.o.Machine.Datagrams); err != nil {
		return errors.Join(err, p.close())
	}
	p.first, _ = p.process.Vitals()
	c.player = newPlayer(ctx, c.o.Machine, p, c.limit)
	c.player.careful = c.careful
	return nil
}

// drop ends the server.
func (c *turns) drop() {
	if c.player == nil {
		return
	}
	c.answered = c.answered || c.player.told > 0
	c.exchange += c.player.told
	c.Overflows += c.player.p.overflows()
	c.player.close()
	_ = c.player.p.close() // what it left is a temporary directory
	c.player = nil
}

func (c *turns) run(ctx context.Context) error {
	for i := 0; goesOn(ctx, i, c.o.of(c.o.Cases), c.began, c.o.For); i++ {
		if err := c.look(ctx, i); err != nil {
			return err
		}
		if err := c.play(ctx, i); err != nil {
			return err
		}
		c.tell()
	}
	if ctx.Err() != nil {
		return nil
	}
	return c.look(ctx, c.Cases)
}

// play plays the i-th history on the server that runs, and follows a fault up.
func (c *turns) play(ctx context.Context, i int) error {
	history, wrong := c.cases.at(i)
	f := c.player.play(history)
	c.player.p.visits++
	c.Cases++
	if wrong {
		c.Wrong++
	} else {
		c.Legal++
	}
	if f == nil || ctx.Err() != nil {
		return nil
	}
	return c.follow(ctx, f, i)
}

// look looks at the server now and then, and starts it afresh when its time is
// over.
func (c *turns) look(ctx context.Context, i int) error {
	played := i - c.from
	over := i%freshHistories == 0 && played > 0
	if !over && played < 2*(c.looked-c.from) || !over && played < firstLook {
		return nil
	}
	c.looked = i
	f := c.player.p.leaves()
	_, minds := c.o.Protocol.Requirement(noLeak)
	leaks := f != nil && f.kind == Leak && !minds // it may, until it can do no more
	if f != nil && !leaks && !c.known[f.signature] {
		return c.follow(ctx, f, i-1)
	}
	if !over && !leaks {
		return nil
	}
	c.from, c.looked = i, i
	return c.fresh(ctx)
}

// tally counts what the campaign has played.
func (c *turns) tally() {
	c.Visits = c.exchange
	if c.player != nil {
		c.Visits += c.player.told
	}
	c.Progress.Findings = len(c.Findings)
	c.Elapsed = time.Since(c.began)
}

func (c *turns) tell() {
	if c.o.Progress != nil && time.Since(c.told) > tellEvery {
		c.told = time.Now()
		c.tally()
		c.o.Progress(c.Progress)
	}
}
