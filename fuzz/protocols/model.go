package protocols

import (
	"time"

	"netproctor/fuzz"
	"netproctor/reference/download"
	"netproctor/reference/mailbox"
)

// Model gives the model of a protocol's server for a campaign of visits, the files
// that the server begins with, and its rule for gaps. Nil: there is none, so that
// only what needs no model is judged. The params are those of Machine.
func Model(protocol string, params map[string]string) (model fuzz.Model, files map[string][]byte, gap time.Duration) {
	if onlyParams(params, programParams...) != nil {
		return nil, nil, 0
	}
	switch protocol {
	case "mailbox":
		return mailboxModel{}, nil, mailbox.GapLimit
	case "download":
		return downloadModel(downloadFiles), downloadFiles, download.GapLimit
	}
	return nil, nil, 0
}

// A mailboxModel is the reference's model.
type mailboxModel struct{ mailbox.Model }

// Apply implements fuzz.Model.
func (m mailboxModel) Apply(sent []byte) (list []fuzz.Outcome) {
	for _, o := range m.Model.Apply(sent) {
		list = append(list, fuzz.Outcome{Answer: o.Answer, Next: mailboxModel{o.Next}})
	}
	return list
}

// A downloadModel is the reference's model.
type downloadModel download.Model

// Apply implements fuzz.Model.
func (m downloadModel) Apply(sent []byte) (list []fuzz.Outcome) {
	for _, o := range download.Model(m).Apply(sent) {
		list = append(list, fuzz.Outcome{Answer: o.Answer, Any: o.AnyFile, Next: m})
	}
	return list
}
