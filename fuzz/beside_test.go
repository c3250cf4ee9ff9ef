package fuzz_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"netproctor/conformance"
	"netproctor/fuzz"
)

// finds is a part that finds something and plays so many cases.
func finds(cases int, list ...*fuzz.Finding) fuzz.Part {
	return fuzz.Part{Run: func(_ context.Context, found func(*fuzz.Finding) error, progress func(fuzz.Progress)) (*fuzz.Campaign, error) {
		for _, x := range list {
			if err := found(x); err != nil {
				return nil, err
			}
		}
		progress(fuzz.Progress{Cases: cases})
		return &fuzz.Campaign{Progress: fuzz.Progress{Cases: cases, Starts: cases}, Findings: list}, nil
	}}
}

// TestBeside puts together what campaigns find: once what is the same, each with a
// name of its own, and advice apart.
func TestBeside(t *testing.T) {
	crash := fuzz.Finding{Kind: fuzz.Crash, Signature: "crash exit status 1"}
	wrong := fuzz.Finding{Kind: fuzz.Answer, Signature: "differs", Requirements: []string{"server.magic"}}
	silent := fuzz.Finding{Kind: fuzz.Silence, Signature: "silence", Requirements: []string{"server.magic", "server.loops"}}
	other := fuzz.Finding{Kind: fuzz.Answer, Signature: "other", Requirements: []string{"server.id"}}
	advice := fuzz.Finding{Kind: fuzz.Answer, Signature: "extra", Requirements: []string{"server.extra-bytes"}, Level: conformance.Should}
	history := fuzz.Finding{Kind: fuzz.Answer, Signature: "history", History: []fuzz.Action{{}}}
	var told [][]string
	c, err := fuzz.Beside(t.Context(), func(all []*fuzz.Finding) error {
		var ids []string
		for _, x := range all {
			ids = append(ids, x.ID)
		}
		told = append(told, ids)
		return nil
	}, nil, inTurns(finds(7, &crash, &wrong), finds(3, new(crash), &silent, &other, &advice, &history))...)
	require.NoError(t, err)
	require.Equal(t, []*fuzz.Finding{&crash, &wrong, &other, &history}, c.Findings)
	require.Equal(t, []*fuzz.Finding{&advice}, c.Advice)
	require.Equal(t, "crash-1 answer-1 answer-2 model-answer-1 should-1", crash.ID+" "+wrong.ID+" "+other.ID+" "+history.ID+" "+advice.ID)
	require.Equal(t, []string{"crash-1", "answer-1", "answer-2", "should-1", "model-answer-1"}, told[len(told)-1])
	require.Len(t, told, 5, "of the same nothing is told")
	require.Equal(t, []int{7, 3, 7, 4}, []int{c.Cases, c.Beside, c.Starts, c.Progress.Findings})
}

// inTurns has each part begin when the one before it has ended.
func inTurns(parts ...fuzz.Part) (list []fuzz.Part) {
	before := make(chan struct{})
	close(before)
	for _, part := range parts {
		first, over := before, make(chan struct{})
		before = over
		run := part.Run
		part.Run = func(ctx context.Context, found func(*fuzz.Finding) error, progress func(fuzz.Progress)) (*fuzz.Campaign, error) {
			defer close(over)
			<-first
			return run(ctx, found, progress)
		}
		list = append(list, part)
	}
	return list
}

// TestWorkersBeside counts what all workers do, and keeps once what two of them find.
func TestWorkersBeside(t *testing.T) {
	crash := fuzz.Finding{Kind: fuzz.Crash, Signature: "crash"}
	first, second := finds(7, &crash), finds(5, new(crash))
	first.Leads, second.Leads = true, true
	c, err := fuzz.Beside(t.Context(), nil, nil, first, second, finds(3))
	require.NoError(t, err)
	require.Len(t, c.Findings, 1)
	require.Equal(t, []int{12, 3, 12}, []int{c.Cases, c.Beside, c.Starts})
}

// TestBesideReplaces keeps the shorter one of what a campaign tells of twice.
func TestBesideReplaces(t *testing.T) {
	long, short := fuzz.Finding{Kind: fuzz.Crash, Signature: "x", Evidence: "long"}, fuzz.Finding{Kind: fuzz.Crash, Signature: "x", Evidence: "short"}
	c, err := fuzz.Beside(t.Context(), nil, nil, finds(1, &long, &short))
	require.NoError(t, err)
	require.Equal(t, []*fuzz.Finding{&short}, c.Findings)
	require.Equal(t, "crash-1", short.ID)
}

// TestBesideIsLed ends all when the first one fails, and none when another does.
func TestBesideIsLed(t *testing.T) {
	dead := errors.New("dead")
	fails := fuzz.Part{Run: func(context.Context, func(*fuzz.Finding) error, func(fuzz.Progress)) (*fuzz.Campaign, error) {
		return nil, dead
	}}
	waits := fuzz.Part{Run: func(ctx context.Context, _ func(*fuzz.Finding) error, _ func(fuzz.Progress)) (*fuzz.Campaign, error) {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}}
	_, err := fuzz.Beside(t.Context(), nil, nil, fails, waits)
	require.ErrorIs(t, err, dead)
	c, err := fuzz.Beside(t.Context(), nil, nil, finds(2, &fuzz.Finding{Kind: fuzz.Crash, Signature: "x"}), fails)
	require.NoError(t, err)
	require.Len(t, c.Findings, 1)
	require.Equal(t, []string{"beside: dead"}, c.Doubts)
}
