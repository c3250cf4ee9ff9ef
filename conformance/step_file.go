package conformance

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"

	"go.starlark.net/starlark"
)

// workFolder is the programs' working directory within what Sandbox.Files
// gives. Paths of scenarios are relative to it, and may leave it by "../".
const workFolder = "work"

// A LayFile puts a file into the program's working directory, or a folder.
type LayFile struct {
	action
	Path Expr
	// Content is what the file holds; nil is nothing.
	Content Expr
	// Size is that of a file of zero bytes, where Content is nil: a sparse one.
	Size   int64
	Folder bool
}

func (s *LayFile) play(_ context.Context, p *player) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	root, name, err := p.file(s.Path)
	if err != nil {
		return err
	}
	if s.Folder {
		return root.MkdirAll(name, 0o755)
	}
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := root.Create(name)
	if err != nil {
		return err
	}
	if err := s.fill(f, p.bind); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func (s *LayFile) fill(f *os.File, b *binding) error {
	if s.Content == nil {
		return f.Truncate(s.Size)
	}
	return stream(s.Content, b, f)
}

// file gives where a path of a scenario is on disk. The caller holds the lock.
func (p *player) file(e Expr) (*os.Root, string, error) {
	name, err := bound(e, p.bind)
	if err != nil {
		return nil, "", err
	}
	if p.files == nil {
		if p.files, err = p.box.Files(); err != nil {
			return nil, "", fmt.Errorf("files: %w", err)
		}
	}
	name = path.Join(workFolder, name)
	if !filepath.IsLocal(name) {
		return nil, "", fmt.Errorf("wanted a path within the run's room, got %q", name)
	}
	return p.files, name, nil
}

func (s *LayFile) star() string {
	if s.Folder {
		return call("folder", s.Path.star()).String()
	}
	w := call("file", s.Path.star())
	w.expr("content", s.Content)
	w.number("size", int(s.Size), 0)
	return w.String()
}

// An ExpectFile waits until a file holds what is wanted, or is gone. A program
// may still be writing it when it says that it is done.
type ExpectFile struct {
	wait
	Path    Expr
	Content Expr  // nil looks at the size alone
	Size    int64 // in bytes, where Content is nil
	Gone    bool  // nothing of that name may be there
}

// filePause lies between the first two looks at a file.
const filePause = 10 * time.Millisecond

func (s *ExpectFile) play(ctx context.Context, p *player) error {
	began, w := time.Now(), p.vigil(s, s.limit())
	var before fs.FileInfo
	for last := false; ; {
		info, err := s.look(p, before, last)
		if err != nil {
			return err
		}
		before = info
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

// look notes how the file is, if that may have changed since the look before.
// A file that has not the right size yet is looked into only at last.
func (s *ExpectFile) look(p *player, before fs.FileInfo, last bool) (fs.FileInfo, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	root, name, err := p.file(s.Path)
	if err != nil {
		return nil, err
	}
	said, err := bound(s.Path, p.bind)
	if err != nil {
		return nil, err
	}
	info, err := root.Stat(name)
	if err != nil {
		p.noFile(said, whyNoFile(err))
		return nil, nil
	}
	if before != nil && !last && before.Size() == info.Size() && before.ModTime().Equal(info.ModTime()) {
		return info, nil
	}
	e := Event{Kind: FileSeen, Text: said, N: int(info.Size())}
	switch right, err := s.size(p.bind); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() && !s.Gone:
		p.noFile(said, "is a "+kindOf(info.Mode()))
		return nil, nil
	case s.Content == nil || s.Gone:
		e.Data = nil
	case info.Size() != right && !last && s.judge(p.view, p.bind).State != OK:
		return nil, nil
	case info.Size() != right && !last: // it was right when it was seen last
		p.noFile(said, "has "+count(int(info.Size()), "byte"))
		return nil, nil
	default:
		d, err := readDigest(root, name)
		if err != nil {
			p.noFile(said, whyNoFile(err))
			return nil, nil
		}
		e = d.event(e)
	}
	p.note(e)
	return info, nil
}

func (s *ExpectFile) size(b *binding) (int64, error) {
	if s.Content == nil {
		return s.Size, nil
	}
	return size(s.Content, b)
}

// readDigest reads a file. What is no plain file does not block it.
func readDigest(root *os.Root, name string) (digest, error) {
	f, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return digest{}, err
	}
	defer f.Close()
	g := newDigester()
	_, err = f.WriteTo(g)
	return g.digest(), err
}

// noFile notes that there is no file to be read, unless that is known. The
// caller holds the lock.
func (p *player) noFile(name, why string) {
	if p.view.files[name].missing != why {
		p.note(Event{Kind: NoFile, Text: name, Data: []byte(why)})
	}
}

// kindOf names what is there in place of a file.
func kindOf(m fs.FileMode) string {
	if m.IsDir() {
		return "folder"
	}
	return "special file, " + m.Type().String()
}

// whyNoFile says in words why there is no file to be read.
func whyNoFile(err error) string {
	if errors.Is(err, fs.ErrNotExist) {
		return "is not there"
	}
	return err.Error()
}

func (s *ExpectFile) judge(v *view, b *binding) Finding {
	name, err := bound(s.Path, b)
	if err != nil {
		return unfit(err)
	}
	seen, known := v.files[name]
	there := known && seen.missing == ""
	switch {
	case s.Gone && !there:
		return ok
	case s.Gone:
		return pending(v, "no file "+name, "one of "+count(int(seen.digest.size), "byte"))
	case !there:
		return pending(v, "a file "+name, "none: it "+seen.missing+v.ends())
	}
	return s.compare(v, b, name, seen.digest)
}

// compare holds the file that is there against the one that is wanted.
func (s *ExpectFile) compare(v *view, b *binding, name string, got digest) Finding {
	if s.Content == nil {
		if got.size == s.Size {
			return ok
		}
		return pending(v, fmt.Sprintf("a file %s of %s", name, count(int(s.Size), "byte")), count(int(got.size), "byte"))
	}
	want, err := b.digest(s.Content)
	if err != nil {
		return unfit(err)
	}
	if difference := want.differs(got); difference != "" {
		return pending(v, fmt.Sprintf("a file %s with %s", name, want), difference)
	}
	return ok
}

func (s *ExpectFile) star() string {
	w := call("expect_file", s.Path.star())
	if s.Gone {
		w.name = "expect_no_file"
	}
	w.expr("content", s.Content)
	w.number("size", int(s.Size), 0)
	w.duration("within", s.Within)
	return w.String()
}

func fileWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &LayFile{}
	var where, content exprArg
	if err := unpack(fn, args, kwargs, "path", &where, "content?", &content, "size?", &s.Size); err != nil {
		return nil, err
	}
	s.Path, s.Content = where.expr, content.expr
	return newStep(s)
}

func folderWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var where exprArg
	if err := unpack(fn, args, kwargs, "path", &where); err != nil {
		return nil, err
	}
	return newStep(&LayFile{Path: where.expr, Folder: true})
}

func expectFileWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectFile{}
	var where, content exprArg
	var within durationArg
	if err := unpack(fn, args, kwargs, "path", &where, "content?", &content, "size?", &s.Size, "within?", &within); err != nil {
		return nil, err
	}
	s.Path, s.Content, s.Within = where.expr, content.expr, within.Duration
	return newStep(s)
}

func expectNoFileWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var where exprArg
	var within durationArg
	if err := unpack(fn, args, kwargs, "path", &where, "within?", &within); err != nil {
		return nil, err
	}
	return newStep(&ExpectFile{wait: wait{within.Duration}, Path: where.expr, Gone: true})
}
