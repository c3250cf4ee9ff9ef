package download

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Model is what a right server has: the contents of its files. They stand
// under the shortest of their names, as "f" or "d/f", and others do not exist.
type Model map[string][]byte

// An Outcome is one of the things that a right server may do with a connection:
// send Answer (nothing, if that is empty) and close. If AnyFile is set, it may
// send instead whatever it has under a name of which the model knows nothing.
type Outcome struct {
	Answer  []byte
	AnyFile bool
}

// Allows reports whether a server that has sent these bytes and has closed has
// done what o says.
func (o Outcome) Allows(got []byte) bool {
	if !o.AnyFile {
		return bytes.Equal(o.Answer, got)
	}
	r, err := ParseFileResponse(got)
	return err == nil && r.Status == Found
}

// Apply returns what a right server may do with a client that sends these bytes
// and then no more. There is more than one outcome where the source leaves
// something open:
//
//   - a server that reads no further than it must does not see the bytes that
//     follow a request
//   - a name that no file can have is erroneous, or that of a missing file
//   - a name that leads out of the directory may be refused or followed
func (m Model) Apply(sent []byte) []Outcome {
	silence := Outcome{}
	h, err := ParseRequestHeader(sent)
	if err != nil {
		return []Outcome{silence}
	}
	size := RequestHeaderSize + h.BodyLen()
	request, err := ParseFileRequest(sent[:min(size, len(sent))])
	if err != nil {
		return []Outcome{silence}
	}
	name := request.Filename
	outcomes := m.answers(name)
	if len(sent) > size || !isText(name) || leadsOut(name) {
		outcomes = append(outcomes, silence)
	}
	return outcomes
}

// answers returns what a server may answer to a legal request.
func (m Model) answers(name string) []Outcome {
	missing := Outcome{Answer: (&FileResponse{Status: Missing}).Append(nil)}
	switch data, found := m.find(name); {
	case found:
		return []Outcome{{Answer: (&FileResponse{Status: Found, Data: data}).Append(nil)}}
	case isText(name) && leadsOut(name):
		return []Outcome{missing, {AnyFile: true}}
	}
	return []Outcome{missing}
}

// find returns the file of that name. "./d//f" is "d/f", but "f/" and "f/." are
// names of directories.
func (m Model) find(name string) (data []byte, found bool) {
	if last := name[strings.LastIndex(name, "/")+1:]; leadsOut(name) || last == "" || last == "." {
		return nil, false
	}
	data, found = m[path.Clean(name)]
	return data, found
}

// isText reports whether a name can be that of a file.
func isText(name string) bool {
	return utf8.ValidString(name) && !strings.Contains(name, "\x00")
}

// leadsOut reports whether a name may be that of a file outside the directory.
func leadsOut(name string) bool {
	return strings.HasPrefix(name, "/") || slices.Contains(strings.Split(name, "/"), "..")
}
