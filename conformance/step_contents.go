package conformance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"go.starlark.net/starlark"
)

// A NoteContents remembers which names a folder holds, for an ExpectContents.
type NoteContents struct {
	action
	Path Expr
}

func (s *NoteContents) play(_ context.Context, p *player) error {
	return p.seeFolder(s.Path, FolderNoted)
}

// seeFolder notes the names in a folder. One that is not there is empty.
func (p *player) seeFolder(where Expr, kind EventKind) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	root, name, err := p.file(where)
	if err != nil {
		return err
	}
	said, err := bound(where, p.bind)
	if err != nil {
		return err
	}
	entries, err := fs.ReadDir(root.FS(), path.Clean(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("list the folder %s: %w", said, err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	list := strings.Join(names, "/") // which no name has in it
	if f := p.view.folders[said]; kind == FolderNoted || !f.seen || strings.Join(f.now, "/") != list {
		p.note(Event{Kind: kind, Text: said, Data: []byte(list)})
	}
	return nil
}

func (s *NoteContents) star() string { return call("note_contents", s.Path.star()).String() }

// An ExpectContents waits until a folder holds what it held at the last
// NoteContents, and some names more.
type ExpectContents struct {
	wait
	Path Expr
	Plus []Expr
}

// A folderView is what is known of a folder.
type folderView struct {
	noted, now []string
	seen       bool // now is later than noted
}

// applyFolder adds an event about a folder.
func (v *view) applyFolder(e Event) {
	f := v.folders[e.Text]
	f.now = slices.DeleteFunc(strings.Split(string(e.Data), "/"), func(name string) bool { return name == "" })
	f.seen = e.Kind == FolderSeen
	if e.Kind == FolderNoted {
		f.noted = f.now
	}
	v.folders[e.Text] = f
}

func (s *ExpectContents) play(ctx context.Context, p *player) error {
	began, w := time.Now(), p.vigil(s, s.limit())
	for last := false; ; {
		if err := p.seeFolder(s.Path, FolderSeen); err != nil {
			return err
		}
		p.mu.Lock()
		f := s.judge(p.view, p.bind)
		p.mu.Unlock()
		if f.State != Pending || last {
			return nil
		}
		if err := p.pause(ctx, rest(began, filePause)); err != nil {
			return err
		}
		last = w.over(ctx)
	}
}

func (s *ExpectContents) judge(v *view, b *binding) Finding {
	name, err := bound(s.Path, b)
	if err != nil {
		return unfit(err)
	}
	f := v.folders[name]
	want := slices.Clone(f.noted)
	for _, e := range s.Plus {
		plus, err := bound(e, b)
		if err != nil {
			return unfit(err)
		}
		if !slices.Contains(want, plus) {
			want = append(want, plus)
		}
	}
	slices.Sort(want)
	if got := slices.Sorted(slices.Values(f.now)); !f.seen || !slices.Equal(want, got) {
		return pending(v, fmt.Sprintf("the folder %s with %s", name, named(want)), named(got))
	}
	return ok
}

func (s *ExpectContents) star() string {
	w := call("expect_contents", s.Path.star())
	w.lists("plus", s.Plus)
	w.duration("within", s.Within)
	return w.String()
}

func noteContentsWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var where exprArg
	if err := unpack(fn, args, kwargs, "path", &where); err != nil {
		return nil, err
	}
	return newStep(&NoteContents{Path: where.expr})
}

func expectContentsWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectContents{}
	var where exprArg
	var plus exprsArg
	var within durationArg
	if err := unpack(fn, args, kwargs, "path", &where, "plus?", &plus, "within?", &within); err != nil {
		return nil, err
	}
	s.Path, s.Plus, s.Within = where.expr, plus.list, within.Duration
	return newStep(s)
}
