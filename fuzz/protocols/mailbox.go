package protocols

import (
	"bytes"
	"strings"

	"netproctor/fuzz"
	"netproctor/reference/mailbox"
)

// Mailbox gives the state machine of a mailbox server: visits that create and
// read, up to more messages than fit into two responses.
func Mailbox() *fuzz.Machine { return &fuzz.Machine{Start: mailboxState{}, Draw: drawMailbox} }

// A mailboxState is the reference's model. Nothing is ever open.
type mailboxState struct{ mailbox.Model }

// Can implements fuzz.State.
func (mailboxState) Can(a fuzz.Action) bool { return a.Deed == fuzz.Visiting }

// Apply implements fuzz.State.
func (m mailboxState) Apply(a fuzz.Action) (all []fuzz.Reaction) {
	sent := a.Sent()
	for _, o := range m.Model.Apply(sent) {
		all = append(all, fuzz.Reaction{
			Tells:   fuzz.Tell(a.Client, fuzz.Reply{Want: o.Answer, End: fuzz.Closes}),
			Next:    mailboxState{o.Next},
			Demands: mailboxDemand(sent, o.Answer),
		})
	}
	return all
}

// mailboxDemand names the requirement that a visit is about.
func mailboxDemand(sent, answer []byte) string {
	r, err := mailbox.ParseMessageRequest(sent)
	switch {
	case err != nil:
		return "server.erroneous"
	case r.ID == mailbox.Create:
		return "server.create-silent"
	}
	response, err := mailbox.ParseMessageResponse(answer)
	switch {
	case err != nil || len(response.Items) == 0:
		return "server.read-empty"
	case response.More:
		return "server.read-limit"
	case len(response.Items) > 200:
		return "server.more-msgs"
	}
	return "server.read-fifo"
}

// drawMailbox draws visits to a few mailboxes.
func drawMailbox(r fuzz.Source) []fuzz.Action {
	user := drawUser(r)
	read := fuzz.Action{Deed: fuzz.Visiting, Turns: turns((&mailbox.MessageRequest{ID: mailbox.Read, Name: user}).Append(nil))}
	create := func(text string, times int) fuzz.Action {
		m := mailbox.MessageRequest{ID: mailbox.Create, Name: drawUser(r), Receiver: user, Message: text}
		return fuzz.Action{Deed: fuzz.Visiting, Turns: turns(m.Append(nil)), Times: times}
	}
	switch odds(r, 7, 6, 1, 1, 4) {
	case 0:
		return []fuzz.Action{create(drawLetter(r), 1)}
	case 1:
		return []fuzz.Action{read}
	case 2: // up to a limit, one more that can be told from the others, and what there is
		full := create("m", pick(r, 253, 254, 255, 256, 599))
		read.Times = pick(r, 1, 2, 3, 4)
		return []fuzz.Action{full, create("n", 1), read}
	case 3:
		read.Times = 2
		return []fuzz.Action{create(drawLetter(r), 1), create(drawLetter(r), 1), read}
	}
	// The read tells what came of it, where that is open.
	return []fuzz.Action{{Deed: fuzz.Visiting, Turns: turns(drawErroneous(r, create("lost", 1).Turns[0], read.Turns[0]))}, read}
}

// drawUser draws a name. Some are equal but for what programs like to change.
func drawUser(r fuzz.Source) string {
	return pick(r, "a", "b", "A", "a ", "ab", "é", "e\u0301", strings.Repeat("n", 255))
}

func drawLetter(r fuzz.Source) string {
	switch odds(r, 8, 1) {
	case 0:
		return pick(r, "x", "y", "é€🐧", " x ", "x\n", "\x00")
	}
	return strings.Repeat(pick(r, "l", "é"), pick(r, 512, 4096, 32767))
}

// drawErroneous spoils one of two requests.
func drawErroneous(r fuzz.Source, requests ...[]byte) []byte {
	b := bytes.Clone(pick(r, requests...))
	switch odds(r, 4, 1, 2, 1, 1) {
	case 4: // not UTF-8
		b[mailbox.RequestHeaderSize] = 0xff
		return b
	case 0:
		at := r.IntN(mailbox.RequestHeaderSize)
		b[at] = byte(pick(r, 0, 3, 255, int(b[at])+1))
		return b
	case 1:
		b[0], b[1] = b[1], b[0]
		return b
	case 2:
		return b[:r.IntN(len(b))]
	}
	return append(b, 'x')
}
