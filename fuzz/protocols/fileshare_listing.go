package protocols

import (
	"bytes"
	"encoding/binary"
	"netproctor/conformance"
	"netproctor/fuzz"
	"netproctor/reference/fileshare"
	"slices"
	"strings"
)

// anyOrder tells whether a listing is among some pieces.
func anyOrder(pieces []fileshare.Piece) bool {
	return slices.ContainsFunc(pieces, func(p fileshare.Piece) bool { return p.AnyOrder })
}

// fits holds what came against an answer with a listing in it, whose names may
// come in any order and end with a separator.
func (s fileshareState) fits(pieces []fileshare.Piece, got []byte) (int, fuzz.Fit) {
	used := 0
	for _, p := range pieces {
		n, fit := len(p.Bytes), fuzz.Whole
		if p.AnyOrder {
			n, fit = s.listed(p, got[used:])
		} else if len(got)-used < n {
			fit = fuzz.Short
			n = len(got) - used
			if !bytes.HasPrefix(p.Bytes, got[used:]) {
				fit = fuzz.Not
			}
		} else if !bytes.Equal(got[used:used+n], p.Bytes) {
			fit = fuzz.Not
		}
		used += n
		if fit != fuzz.Whole {
			return used, fit
		}
	}
	return used, fuzz.Whole
}

// listed holds what came against one listing.
func (s fileshareState) listed(p fileshare.Piece, got []byte) (int, fuzz.Fit) {
	want, size, separator := p.Bytes, len(p.Bytes), " "
	if s.dialect.Name != fileshare.Text.Name {
		separator = "\n"
		want = p.Bytes[8:]
		if len(got) < 8 {
			return len(got), fuzz.Short
		}
		claim := binary.BigEndian.Uint64(got)
		if claim > 1<<20 {
			return 8, fuzz.Not
		}
		got, size = got[8:], int(claim)
	}
	if len(got) < size {
		return len(got), fuzz.Short
	}
	names, wanted := namesIn(got[:size], separator), namesIn(want, separator)
	missing := slices.ContainsFunc(wanted, func(name string) bool { return !s.doubtful[name] && !slices.Contains(names, name) })
	if missing || !s.tainted && len(names) != len(wanted) {
		return 0, fuzz.Not
	}
	if s.dialect.Name != fileshare.Text.Name {
		size += 8
	}
	return size, fuzz.Whole
}

// steps expects an answer with a listing in it. What is in the folder besides is
// not the scenario's affair.
func (s fileshareState) steps(conn string, pieces []fileshare.Piece) (steps []conformance.Step) {
	for i, p := range pieces {
		if !p.AnyOrder {
			steps = append(steps, &conformance.Expect{Conn: conn, What: conformance.Lit(p.Bytes), More: i < len(pieces)-1})
			continue
		}
		list := &conformance.ExpectItems{Conn: conn, Separator: conformance.Lit(" ")}
		names := p.Bytes
		if s.dialect.Name != fileshare.Text.Name {
			list.Size, list.Separator, names = 8, conformance.Lit("\n"), p.Bytes[8:]
			list.More = i < len(pieces)-1
		}
		there := namesIn(names, string(list.Separator.(conformance.Lit)))
		for _, name := range there {
			if !s.doubtful[name] {
				list.Has = append(list.Has, conformance.Lit(name))
			}
		}
		for _, name := range fileshareNames {
			if !s.tainted && !slices.Contains(there, name) {
				list.Lacks = append(list.Lacks, conformance.Lit(name))
			}
		}
		steps = append(steps, list)
	}
	return steps
}

func namesIn(b []byte, separator string) []string {
	return slices.DeleteFunc(strings.Split(string(b), separator), func(name string) bool { return name == "" })
}

// fileshareNames are names of files; not every dialect can list one with a space.
var fileshareNames = []string{"hello.txt", "b", "new.bin", "HELLO.TXT", "é", "hello", "two words", strings.Repeat("n", 120)}
