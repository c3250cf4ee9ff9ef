package protocols

import (
	"bytes"
	"maps"
	"strings"

	"netproctor/fuzz"
	"netproctor/reference/download"
)

// downloadFiles are those that a server begins with.
var downloadFiles = map[string][]byte{"a": []byte("the file a\n"), "bb": {}, "ccc": []byte(strings.Repeat("\x00\xff\r\n", 3000))}

// Download gives the state machine of a download server: visits, while the files
// in its folder change.
func Download() *fuzz.Machine {
	return &fuzz.Machine{Start: downloadState(downloadFiles), Draw: drawDownload, Files: downloadFiles}
}

// A downloadState is the reference's model.
type downloadState download.Model

// Can implements fuzz.State.
func (downloadState) Can(a fuzz.Action) bool {
	return a.Deed == fuzz.Visiting || a.Deed == fuzz.Laying
}

// Apply implements fuzz.State.
func (m downloadState) Apply(a fuzz.Action) (all []fuzz.Reaction) {
	if a.Deed == fuzz.Laying {
		next := maps.Clone(m)
		next[string(a.Turns[0])] = a.Turns[1]
		return []fuzz.Reaction{{Next: next}}
	}
	sent := a.Sent()
	for _, o := range download.Model(m).Apply(sent) {
		reply := fuzz.Reply{Want: o.Answer, End: fuzz.Closes}
		if o.AnyFile {
			reply = fuzz.Reply{Fits: func(got []byte) (int, fuzz.Fit) {
				if o.Allows(got) {
					return len(got), fuzz.Whole
				}
				return len(got), fuzz.Short
			}, End: fuzz.Closes}
		}
		all = append(all, fuzz.Reaction{Tells: fuzz.Tell(a.Client, reply), Next: m, Demands: downloadDemand(o.Answer)})
	}
	return all
}

// downloadDemand names the requirement that a visit is about.
func downloadDemand(answer []byte) string {
	switch r, err := download.ParseFileResponse(answer); {
	case err != nil:
		return "server.erroneous"
	case r.Status == download.Missing:
		return "server.missing"
	case len(r.Data) == 0:
		return "server.empty-file"
	}
	return "server.sends-file"
}

func drawDownload(r fuzz.Source) []fuzz.Action {
	name := pick(r, "a", "bb", "ccc", "new", "A", "a ", "é", "./a", "*", "a\xff", "a\x00")
	visit := fuzz.Action{Deed: fuzz.Visiting, Turns: turns((&download.FileRequest{Filename: name}).Append(nil))}
	switch odds(r, 6, 2, 3, 3) {
	case 0:
		return []fuzz.Action{visit}
	case 1:
		visit.Times = pick(r, 2, 3, 12)
		return []fuzz.Action{visit}
	case 2: // what a file held last must be what is sent
		lay := fuzz.Action{Deed: fuzz.Laying, Turns: turns([]byte(pick(r, "a", "bb", "new")), contents(r, 4095, 4096, 4097, 70000))}
		visit.Turns = turns((&download.FileRequest{Filename: string(lay.Turns[0])}).Append(nil))
		return []fuzz.Action{visit, lay, visit}
	}
	b := bytes.Clone(visit.Turns[0])
	switch odds(r, 2, 2, 1) {
	case 0:
		at := r.IntN(download.RequestHeaderSize)
		b[at] = byte(pick(r, 0, 2, 255, int(b[at])+1))
	case 1:
		b = b[:r.IntN(len(b))]
	case 2:
		b = append(b, 'x')
	}
	visit.Turns = turns(b)
	return []fuzz.Action{visit}
}
