package fuzz

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"netproctor/conformance"
)

// A warmRoom is a sandbox in which a program is started again and again by an
// interpreter that is warm. It is given up, for another one, when a program has
// left anything in it; and for good when a program does not start there.
type warmRoom struct {
	box     conformance.Sandbox
	warm    *conformance.Warm
	files   string // the working directory before the first start
	refused bool
	busy    bool
}

// warming is a sandbox with interpreters to be warmed.
type warming interface {
	Warm(ctx context.Context, processors []int) (*conformance.Warm, error)
}

// start starts the program.
func (r *warmRoom) start(ctx context.Context, o *Options) (*program, error) {
	if err := r.open(ctx, o); err != nil {
		r.refused = true
		return nil, errors.Join(err, r.close())
	}
	p := o.newProgram(r.box)
	p.room, r.busy = r, true
	err := p.launch(ctx, o, func(a conformance.Arguments) (conformance.Process, error) { return r.warm.Start(ctx, a, p.print) })
	if err != nil {
		r.busy, r.refused = false, ctx.Err() == nil
		return nil, errors.Join(err, r.close())
	}
	return p, nil
}

// open makes the room, if there is none.
func (r *warmRoom) open(ctx context.Context, o *Options) (err error) {
	if r.box != nil {
		return nil
	}
	if r.box, err = o.Target.Open(ctx); err != nil {
		return fmt.Errorf("open a sandbox: %w", err)
	}
	w, can := r.box.(warming)
	if !can {
		return conformance.ErrNotWarm
	}
	if err := furnish(r.box, o.Files); err != nil {
		return fmt.Errorf("lay out files: %w", err)
	}
	if r.files, err = listing(r.box); err != nil {
		return fmt.Errorf("look at the files: %w", err)
	}
	r.warm, err = w.Warm(ctx, o.processors)
	return err
}

// leave ends the program, and the room if it is not as it was.
func (r *warmRoom) leave() error {
	r.busy = false
	now, err := listing(r.box)
	if err == nil && r.warm.Clean() && now == r.files {
		return nil
	}
	return r.close()
}

func (r *warmRoom) close() error {
	if r == nil || r.box == nil {
		return nil
	}
	if r.warm != nil {
		_ = r.warm.Close() // it ends with its sandbox at the latest
	}
	err := r.box.Close()
	r.box, r.warm = nil, nil
	return err
}

// listing tells one content of the working directory from another, by names,
// sizes and times.
func listing(box conformance.Sandbox) (string, error) {
	root, err := box.Files()
	if err != nil {
		return "", err
	}
	defer root.Close()
	var all []byte
	err = fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		all = fmt.Appendf(all, "%q %v %d %s\n", path, info.Mode(), info.Size(), info.ModTime().Format(time.RFC3339Nano))
		return nil
	})
	return string(all), err
}
