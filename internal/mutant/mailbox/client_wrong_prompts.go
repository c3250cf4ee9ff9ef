package mailbox

// wrongPrompts take wrong answers, refuse right ones, or ask badly.
var wrongPrompts = []clientFault{
	{"takes-empty-receiver", "client.receiver-prompt", "no lower limit", func(c *client) {
		c.receiver = func(answer string) error { return atMost("receiver", 256)("x" + answer) }
	}},
	{"takes-any-receiver", "client.receiver-prompt", "no upper limit", func(c *client) { c.receiver = atMost("receiver", 1<<20) }},
	{"takes-receiver-of-256", "client.receiver-prompt", "upper limit off by one", func(c *client) { c.receiver = atMost("receiver", 256) }},
	{"counts-receiver-in-characters", "client.receiver-prompt", "limits characters, not bytes", func(c *client) {
		c.receiver = charactersAtMost("receiver", 255)
	}},
	{"refuses-receiver-of-254", "client.receiver-prompt", "upper limit too low", func(c *client) { c.receiver = atMost("receiver", 253) }},
	{"cuts-receiver", "client.receiver-prompt", "cuts a receiver that is too long", func(c *client) {
		c.receiver = atMost("receiver", 1<<20)
		c.encode = func(r request) []byte {
			r.receiver = r.receiver[:min(len(r.receiver), 255)]
			return encodeRequest(r)
		}
	}},
	{"receiver-asked-once", "client.receiver-prompt", "ends at a receiver that is not valid", func(c *client) { c.prompt = asksReceiver(promptTimes(1)) }},
	{"receiver-asked-twice", "client.receiver-prompt", "asks again only once", func(c *client) { c.prompt = asksReceiver(promptTimes(2)) }},
	{"receiver-asked-silently", "client.receiver-prompt", "asks again without an error message", func(c *client) { c.prompt = asksReceiver(promptSilently) }},
	{"takes-empty-message", "client.message-prompt", "no lower limit", func(c *client) {
		c.message = func(answer string) error { return atMost("message", 65536)("x" + answer) }
	}},
	{"takes-any-message", "client.message-prompt", "no upper limit", func(c *client) { c.message = atMost("message", 1<<20) }},
	{"cuts-message", "client.message-prompt", "cuts a message that is too long", func(c *client) {
		c.message = atMost("message", 1<<20)
		c.encode = func(r request) []byte {
			r.message = r.message[:min(len(r.message), 65535)]
			return encodeRequest(r)
		}
	}},
	{"counts-message-in-characters", "client.message-prompt", "limits characters, not bytes", func(c *client) {
		c.message = charactersAtMost("message", 65535)
	}},
	{"refuses-message-of-65534", "client.message-prompt", "upper limit too low", func(c *client) { c.message = atMost("message", 65533) }},
	{"message-limit-of-receiver", "client.message-prompt", "takes 255 bytes of message at most", func(c *client) { c.message = atMost("message", 255) }},
	{"refuses-short-message", "client.message-prompt", "wants two letters at least", func(c *client) {
		c.message = func(answer string) error { return atMost("message", 65535)(answer[min(1, len(answer)):]) }
	}},
	{"message-asked-once", "client.message-prompt", "ends at a message that is not valid", func(c *client) { c.prompt = asksMessage(promptTimes(1)) }},
	{"message-asked-silently", "client.message-prompt", "asks again without an error message", func(c *client) { c.prompt = asksMessage(promptSilently) }},
	{"begins-again", "client.message-prompt", "asks for the receiver again when the message is not valid", func(c *client) {
		c.prompts = func(s *session, c *client) (receiver, message string, err error) {
			for s.ctx.Err() == nil {
				receiver, _ = c.prompt(s, "Receiver", c.receiver)
				if message = ask(s, "Message"); c.message(message) == nil {
					break
				}
				s.say("Error: not a message.")
			}
			return receiver, message, nil
		}
	}},
	{"long-answer-uncaught", "client.no-traceback", "does not catch the error of an answer that is too long", func(c *client) {
		c.receiver = func(answer string) error {
			err := atMost("receiver", 255)(answer)
			if err != nil && answer != "" {
				panic(err)
			}
			return err
		}
	}},
}

// promptSilently asks again without a word.
func promptSilently(s *session, what string, valid func(string) error) (answer string, err error) {
	for answer = ask(s, what); s.ctx.Err() == nil; answer = ask(s, what) {
		if valid(answer) == nil {
			break
		}
	}
	return answer, nil
}

type promptFunc = func(s *session, what string, valid func(string) error) (string, error)

// asksReceiver replaces the prompt for the receiver alone.
func asksReceiver(prompt promptFunc) promptFunc { return asksOnly("Receiver", prompt) }

// asksMessage replaces the prompt for the message alone.
func asksMessage(prompt promptFunc) promptFunc { return asksOnly("Message", prompt) }

func asksOnly(only string, prompt promptFunc) promptFunc {
	return func(s *session, what string, valid func(string) error) (string, error) {
		if what == only {
			return prompt(s, what, valid)
		}
		return promptUntilValid(s, what, valid)
	}
}
