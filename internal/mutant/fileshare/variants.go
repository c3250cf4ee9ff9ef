package fileshare

import (
	"bufio"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"netproctor/internal/mutant"
)

// ServerVariants are servers that are right and unlike the reference.
var ServerVariants = serverVariantsOf([]serverVariant{
	{name: "plain", bulk: true, why: "none of its parts is replaced", replace: func(*server) {}},
	{name: "reads-bytewise", why: "reads byte by byte", replace: func(s *server) {
		s.reader = func(_ *server, c net.Conn) io.Reader { return small{c, 1} }
	}},
	{name: "reads-1000-bytes", bulk: true, why: "reads a thousand bytes at a time", replace: func(s *server) {
		s.reader = func(_ *server, c net.Conn) io.Reader { return small{c, 1000} }
	}},
	{name: "reads-ahead", bulk: true, why: "reads through a buffer", replace: func(s *server) {
		s.reader = func(_ *server, c net.Conn) io.Reader { return bufio.NewReaderSize(c, 64<<10) }
	}},
	{name: "writes-1000-bytes", bulk: true, why: "writes a thousand bytes at a time", replace: func(s *server) {
		s.write = func(_ *server, c net.Conn, b []byte) error {
			for len(b) > 0 {
				n, err := c.Write(b[:min(1000, len(b))])
				if err != nil {
					return err
				}
				b = b[n:]
			}
			return nil
		}
	}},
	{name: "answers-from-another-port", why: "answers discovery from a socket of its own", replace: func(s *server) {
		s.answer = func(s *server, _ net.PacketConn, from net.Addr) {
			pc, err := s.env.ListenPacket("udp4", ":0")
			if err != nil {
				return
			}
			defer pc.Close()
			pc.WriteTo([]byte(serviceName), from)
		}
	}},
	{name: "answers-discovery-late", why: "thinks for a third of a second before it answers discovery", replace: func(s *server) {
		s.answer = func(s *server, pc net.PacketConn, from net.Addr) {
			s.sleep(300 * time.Millisecond)
			answerOnce(s, pc, from)
		}
	}},
	{name: "answers-missing-files", why: "answers that a file is not there with an empty one", replace: func(s *server) {
		s.got = func(s *server, k *client, _ string, _ error) (bool, error) { return true, s.write(s, k.c, size64(0)) }
	}},
	{name: "goes-on-after-unknown-commands", why: "ignores what it does not know", replace: func(s *server) {
		s.unknown = func(*server, *client, byte) (bool, error) { return true, nil }
	}},
	{name: "lists-with-newline-at-the-end", why: "ends its list with a newline", replace: func(s *server) {
		s.list = func(s *server, _ *client) []byte {
			return s.encodeNames([]string{strings.Join(append(s.names(s), ""), "\n")}, "")
		}
	}},
	{name: "lists-backwards", why: "lists in another order", replace: func(s *server) {
		s.names = func(s *server) []string {
			n := namesNow(s)
			for i := range len(n) / 2 {
				n[i], n[len(n)-1-i] = n[len(n)-1-i], n[i]
			}
			return n
		}
	}},
	{name: "listens-for-tcp-first", why: "opens its discovery socket half a second after the other one", replace: func(s *server) {
		s.address = "127.0.0.1:0"
		s.run = func(s *server, l net.Listener, _ net.PacketConn) {
			s.sleep(500 * time.Millisecond)
			pc, err := s.env.ListenPacket("udp4", ":30000")
			if err != nil {
				return
			}
			defer pc.Close()
			stop := make(chan struct{})
			var watching sync.WaitGroup
			watching.Go(func() {
				select {
				case <-s.ctx.Done():
					pc.Close()
				case <-stop:
				}
			})
			runThreads(s, l, pc)
			close(stop)
			watching.Wait()
		}
	}},
	{name: "stores-by-renaming", why: "collects an upload beside the folder and moves it when it is whole", replace: func(s *server) {
		s.store = func(s *server, name string, data []byte) error {
			f, err := os.CreateTemp(s.env.Dir, "upload")
			if err != nil {
				return err
			}
			_, err = f.Write(data)
			f.Close()
			if err == nil {
				err = os.Rename(f.Name(), s.path(s, name))
			}
			return err
		}
	}},
	{name: "stores-while-it-comes", why: "writes an upload to a file that is removed if it is cut", replace: func(s *server) {
		s.take = func(s *server, k *client, name string, size uint64) ([]byte, error) {
			return takeInto(s, k, name+".part", size, func() bool { return true })
		}
		s.store = func(s *server, name string, data []byte) error {
			if len(data) == 0 {
				return storeWhole(s, name, data)
			}
			return os.Rename(s.path(s, name+".part"), s.path(s, name))
		}
	}},
	{name: "takes-turns", why: "waits for two seconds for a datagram, then for two seconds for a client, and so on", replace: func(s *server) { s.run = runTurns }},
	{name: "takes-the-last-part-of-a-name", why: "takes a name that leads outside for one inside", replace: func(s *server) {
		s.check = func(name string) error { return checkName(filepath.Base(name)) }
		s.path = func(s *server, name string) string { return pathOf(s, filepath.Base(name)) }
	}},
	{name: "keeps-a-log", why: "begins a file with what went wrong when something has gone wrong", replace: func(s *server) {
		s.left = func(s *server, c net.Conn, err error) {
			if err != nil {
				os.WriteFile(filepath.Join(s.env.Dir, "errors.log"), []byte(err.Error()), 0o644)
			}
			left(s, c, err)
		}
	}},
	{name: "tidies-up-late", why: "removes what came of a cut upload a moment later", replace: func(s *server) {
		s.take = func(s *server, k *client, name string, size uint64) ([]byte, error) {
			return takeInto(s, k, name, size, func() bool { time.Sleep(300 * time.Millisecond); return true })
		}
	}},
	{name: "logs-everything", why: "prints each step, with the time of day", replace: func(s *server) {
		s.accepted = func(s *server, c net.Conn) {
			s.say("[%s] new client: %v", time.Now().Format(time.TimeOnly), c.RemoteAddr())
		}
		s.question = func(b []byte) bool {
			s.say("[%s] datagram of %d bytes", time.Now().Format(time.StampMicro), len(b))
			return string(b) == discoveryText
		}
	}},
	{name: "shuts-down-first", why: "says with a FIN that it is done before it closes", replace: func(s *server) {
		s.left = func(s *server, c net.Conn, err error) {
			c.(interface{ CloseWrite() error }).CloseWrite()
			left(s, c, err)
		}
	}},
})

// ClientVariants are clients that are right and unlike the reference.
var ClientVariants = clientVariantsOf([]clientVariant{
	{name: "plain", bulk: true, why: "none of its parts is replaced", replace: func(*console) {}},
	{name: "silent-bye", why: "closes without a goodbye, and stays at its prompt", replace: func(u *console) {
		u.bye = func(u *console) error { u.hangUp(); u.say("Closed."); return nil }
	}},
	{name: "short-prompt", why: "has a prompt of one character", replace: func(u *console) { u.prompt = func(u *console) { u.Out.Write([]byte(">")) } }},
	{name: "scans-half-a-second", why: "waits for half a second", replace: func(u *console) { u.wait = 500 * time.Millisecond }},
	{name: "scans-nine-seconds", why: "waits for nine seconds", replace: func(u *console) { u.wait = 9 * time.Second }},
	{name: "scans-its-subnet", why: "asks the broadcast address of its network", replace: func(u *console) {
		u.to = &net.UDPAddr{IP: net.IPv4(127, 255, 255, 255), Port: discoveryPort}
	}},
	{name: "shows-services-at-the-end", why: "collects services and shows them when the time is over", replace: func(u *console) {
		var lines []string
		u.answer = func(_ *console, b []byte, from *net.UDPAddr) { lines = append(lines, string(b)+" "+from.String()) }
		u.after = func(u *console, _ string, _ error) {
			for _, l := range lines {
				u.say("%s", l)
			}
			lines = nil
		}
	}},
	{name: "reads-bytewise", why: "reads byte by byte", replace: func(u *console) {
		u.fill = func(u *console, r io.Reader, b []byte) error { return fillFrom(u, small{r, 1}, b) }
	}},
	{name: "writes-100-bytes", why: "writes a hundred bytes at a time", replace: func(u *console) {
		u.write = func(u *console, b []byte) error {
			for len(b) > 0 {
				n, err := u.conn.Write(b[:min(100, len(b))])
				if err != nil {
					return err
				}
				b = b[n:]
			}
			return nil
		}
	}},
	{name: "asks-three-times", why: "asks three times, and waits for an answer to each", replace: func(u *console) { u.scan = scanThrice }},
	{name: "ends-silently-when-refused", why: "ends without a word when it cannot connect", replace: func(u *console) {
		u.fail = func(u *console, err error) {
			if _, refused := err.(*net.OpError); refused && u.conn == nil {
				u.over = true
				return
			}
			u.say("Error: %v", err)
		}
	}},
	{name: "shows-lists-as-python-does", why: "shows a list of names in brackets", replace: func(u *console) {
		u.show = func(u *console, names []string) { u.say("['%s']", strings.Join(names, "', '")) }
	}},
	{name: "shows-its-commands", why: "shows all commands before each prompt", replace: func(u *console) {
		u.prompt = func(u *console) {
			u.say("\nscan, connect, llist, rlist, put, get, bye")
			u.Out.Write([]byte("Your choice?\n"))
		}
	}},
	{name: "ends-at-lost-connections", why: "ends when it cannot connect", replace: func(u *console) {
		u.fail = func(u *console, err error) {
			u.say("Error: %v", err)
			_, refused := err.(*net.OpError)
			u.over = refused && u.conn == nil
		}
	}},
})

type serverVariant struct {
	name, why string
	replace   func(s *server)
	bulk      bool
	lacks     string
}

func serverVariantsOf(table []serverVariant) []mutant.Variant {
	var list []mutant.Variant
	for _, v := range table {
		list = append(list, mutant.Variant{Name: "server-" + v.name, Role: "server", Why: v.why, Bulk: v.bulk, Lacks: v.lacks, Main: serverMain(v.replace)})
	}
	return list
}

type clientVariant struct {
	name, why string
	replace   func(u *console)
	bulk      bool
}

func clientVariantsOf(table []clientVariant) []mutant.Variant {
	var list []mutant.Variant
	for _, v := range table {
		list = append(list, mutant.Variant{Name: "client-" + v.name, Role: "client", Why: v.why, Bulk: v.bulk, Main: clientMain(v.replace)})
	}
	return list
}

// A small reader gives little at a time.
type small struct {
	io.Reader
	most int
}

func (r small) Read(b []byte) (int, error) { return r.Reader.Read(b[:min(len(b), r.most)]) }

// runTurns looks after one socket for two seconds and then after the other; what
// it finds there gets a thread.
func runTurns(s *server, l net.Listener, pc net.PacketConn) {
	const turn = 2 * time.Second
	var threads sync.WaitGroup
	defer threads.Wait()
	clients := make(chan net.Conn)
	threads.Go(func() {
		defer close(clients)
		s.acceptAll(l, func(c net.Conn) {
			select {
			case clients <- c:
			case <-s.ctx.Done():
			}
		})
	})
	b := make([]byte, s.buffer)
	for s.ctx.Err() == nil {
		pc.SetReadDeadline(time.Now().Add(turn))
		if n, from, err := pc.ReadFrom(b); err == nil && s.question(b[:n]) {
			s.answer(s, pc, from)
		}
		select {
		case c, open := <-clients:
			if open {
				threads.Go(func() { s.client(c) })
			}
		case <-time.After(turn):
		case <-s.ctx.Done():
		}
	}
}

// scanThrice waits for one answer to each question.
func scanThrice(u *console) error {
	pc, err := u.socket(u)
	if err != nil {
		return err
	}
	defer pc.Close()
	b := make([]byte, u.buffer)
	for range 3 {
		pc.WriteTo([]byte(u.question), u.to)
		pc.SetReadDeadline(time.Now().Add(time.Second))
		n, from, err := pc.ReadFrom(b)
		if err != nil {
			u.nobody(u)
			return nil
		}
		u.answer(u, b[:n], from.(*net.UDPAddr))
		time.Sleep(200 * time.Millisecond)
	}
	return nil
}
