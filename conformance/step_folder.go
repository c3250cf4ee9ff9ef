package conformance

import (
	"context"
	"io/fs"
	"time"

	"go.starlark.net/starlark"
)

// An ExpectFolder waits until there is a folder of that name.
type ExpectFolder struct {
	wait
	Path Expr
}

func (s *ExpectFolder) play(ctx context.Context, p *player) error {
	began, w := time.Now(), p.vigil(s, s.limit())
	for {
		there, err := s.look(p)
		if err != nil || there || w.over(ctx) {
			return err
		}
		if err := p.pause(ctx, rest(began, filePause)); err != nil {
			return err
		}
	}
}

// look notes what is there, and tells whether that is a folder.
func (s *ExpectFolder) look(p *player) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	root, name, err := p.file(s.Path)
	if err != nil {
		return false, err
	}
	said, err := bound(s.Path, p.bind)
	if err != nil {
		return false, err
	}
	info, err := root.Stat(name)
	switch {
	case err != nil:
		p.noFile(said, whyNoFile(err))
		return false, nil
	case info.IsDir():
		p.noFile(said, "is a "+kindOf(fs.ModeDir))
		return true, nil
	}
	p.noFile(said, "is a file")
	return false, nil
}

func (s *ExpectFolder) judge(v *view, b *binding) Finding {
	name, err := bound(s.Path, b)
	if err != nil {
		return unfit(err)
	}
	seen := v.files[name].missing
	if seen == "is a "+kindOf(fs.ModeDir) {
		return ok
	}
	return pending(v, "a folder "+name, "none: it "+seen+v.ends())
}

func (s *ExpectFolder) star() string {
	w := call("expect_folder", s.Path.star())
	w.duration("within", s.Within)
	return w.String()
}

func expectFolderWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var where exprArg
	var within durationArg
	if err := unpack(fn, args, kwargs, "path", &where, "within?", &within); err != nil {
		return nil, err
	}
	return newStep(&ExpectFolder{wait: wait{within.Duration}, Path: where.expr})
}
