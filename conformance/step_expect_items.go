package conformance

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"go.starlark.net/starlark"
)

// An ExpectItems waits for a list of names in an order of the program's own:
// Size bytes that say how long it is, and the names with a separator between
// them. What else is in the list is the program's affair.
type ExpectItems struct {
	wait
	Conn string
	// Size is that of the length before the list, in bytes; 0 is none: then the
	// list is what has come when all of Has are in it.
	Size      int
	Separator Expr
	Has       []Expr // names that are in it, each once
	Lacks     []Expr // names that are not
	// More allows bytes after the list, for steps that come later. It needs a
	// Size, which says where they begin.
	More bool
}

func (s *ExpectItems) play(ctx context.Context, p *player) error { return p.await(ctx, s, s.limit()) }

func (s *ExpectItems) judge(v *view, b *binding) Finding {
	c := v.conn(s.Conn)
	if c == nil || c.refused != "" {
		return failed("a connection", "none"+v.ends())
	}
	has, lacks, separator, err := s.bind(b)
	if err != nil {
		return unfit(err)
	}
	f := s.match(v, c, has, lacks, separator)
	f.Conn, f.Bytes = c.name, c.left()
	if f.State == Pending && c.ended {
		f.State, f.Got = Failed, c.cut()
	}
	return f
}

func (s *ExpectItems) bind(b *binding) (has, lacks []string, separator []byte, err error) {
	for _, part := range []struct {
		from []Expr
		to   *[]string
	}{{s.Has, &has}, {s.Lacks, &lacks}} {
		for _, e := range part.from {
			one, err := bound(e, b)
			if err != nil {
				return nil, nil, nil, err
			}
			*part.to = append(*part.to, one)
		}
	}
	separator, err = s.Separator.bytes(b)
	return has, lacks, separator, err
}

func (s *ExpectItems) match(v *view, c *connView, has, lacks []string, separator []byte) Finding {
	want := "a list with " + named(has)
	list, whole, size := s.list(c.left())
	if size > mostReceived {
		return failed(want, fmt.Sprintf("a list that is said to have %d bytes", size))
	}
	if !whole {
		return pending(v, want, fmt.Sprintf("%s within %s%s", c.amount(), seconds(v.now-v.begun), v.ends()))
	}
	var items []string
	for part := range bytes.SplitSeq(list, separator) {
		if len(part) > 0 {
			items = append(items, string(part))
		}
	}
	for _, name := range has {
		n := countOf(items, name)
		switch {
		case n == 0 && s.Size == 0:
			return pending(v, want, "a list of "+named(items)+" within "+seconds(v.now-v.begun))
		case n == 0:
			return failed(want, "a list of "+named(items))
		case n > 1:
			return failed(fmt.Sprintf("a list with %q once", name), fmt.Sprintf("%d times", n))
		}
	}
	for _, name := range lacks {
		if slices.Contains(items, name) {
			return failed(fmt.Sprintf("a list without %q", name), "a list of "+named(items))
		}
	}
	if extra := len(c.left()) - s.Size - len(list); extra > 0 && !s.More {
		return failed(want+", and nothing more", "it, and "+count(extra, "more byte"))
	}
	return Finding{State: OK, use: s.Size + len(list)}
}

// list gives the bytes of the list, and whether all of them are there.
func (s *ExpectItems) list(b []byte) (list []byte, whole bool, size uint64) {
	if s.Size == 0 {
		return b, true, uint64(len(b))
	}
	if len(b) < s.Size {
		return nil, false, 0
	}
	long := make([]byte, 8)
	copy(long[8-s.Size:], b)
	size = binary.BigEndian.Uint64(long)
	if b = b[s.Size:]; uint64(len(b)) < size {
		return nil, false, size
	}
	return b[:size], true, size
}

func countOf(items []string, name string) (n int) {
	for _, item := range items {
		if item == name {
			n++
		}
	}
	return n
}

// named writes names for people.
func named(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	const most = 8
	quoted := make([]string, 0, most)
	for _, n := range names[:min(len(names), most)] {
		quoted = append(quoted, quote([]byte(n)))
	}
	if more := len(names) - most; more > 0 {
		quoted = append(quoted, fmt.Sprintf("%d more", more))
	}
	return strings.Join(quoted, ", ")
}

func (s *ExpectItems) star() string {
	w := call("expect_items")
	w.text("conn", s.Conn, defaultConn)
	w.number("size", s.Size, 0)
	w.expr("separator", s.Separator)
	w.lists("has", s.Has)
	w.lists("lacks", s.Lacks)
	w.flag("more", s.More)
	w.duration("within", s.Within)
	return w.String()
}

func expectItemsWord(_ *loader, fn string, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	s := &ExpectItems{Conn: defaultConn}
	var separator exprArg
	var has, lacks exprsArg
	var within durationArg
	err := unpack(fn, args, kwargs, "separator", &separator, "has?", &has, "lacks?", &lacks, "conn?", &s.Conn, "size?", &s.Size, "more?", &s.More, "within?", &within)
	if err != nil {
		return nil, err
	}
	if s.Size < 0 || s.Size > 8 || separator.expr == nil {
		return nil, fmt.Errorf("%s wants a separator and a size of 0 to 8 bytes, got %d", fn, s.Size)
	}
	if s.More && s.Size == 0 {
		return nil, fmt.Errorf("%s wants a size where more may follow", fn)
	}
	s.Separator, s.Has, s.Lacks, s.Within = separator.expr, has.list, lacks.list, within.Duration
	return newStep(s)
}
