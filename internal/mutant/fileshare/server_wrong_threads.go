package fileshare

import (
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"
)

// wrongThreads serve several clients badly.
var wrongThreads = []serverFault{
	{"discovery-waits-for-clients", "discovery-concurrent", "handles a client or a datagram, one at a time", func(s *server) {
		s.run = func(s *server, l net.Listener, pc net.PacketConn) {
			var threads sync.WaitGroup
			defer threads.Wait()
			threads.Go(func() { s.discovery(pc) })
			s.acceptAll(l, func(c net.Conn) { threads.Go(func() { s.alone(func() { s.client(c) }) }) })
		}
		s.answer = func(s *server, pc net.PacketConn, from net.Addr) { s.alone(func() { answerOnce(s, pc, from) }) }
	}},
	{"discovery-waits-for-downloads", "discovery-concurrent", "answers no datagram while it sends a file", func(s *server) {
		s.write = func(s *server, c net.Conn, b []byte) (err error) {
			s.alone(func() { err = writeAll(s, c, b) })
			return err
		}
		s.answer = func(s *server, pc net.PacketConn, from net.Addr) { s.alone(func() { answerOnce(s, pc, from) }) }
	}},
	{"discovery-waits-for-uploads", "discovery-concurrent", "answers no datagram while it takes a file", func(s *server) {
		s.take = func(s *server, k *client, name string, size uint64) (b []byte, err error) {
			s.alone(func() { b, err = takeAll(s, k, name, size) })
			return b, err
		}
		s.answer = func(s *server, pc net.PacketConn, from net.Addr) { s.alone(func() { answerOnce(s, pc, from) }) }
	}},
	{"one-client-at-a-time", "concurrent", "serves a client to its end before it accepts the next", func(s *server) {
		s.run = func(s *server, l net.Listener, pc net.PacketConn) {
			var threads sync.WaitGroup
			defer threads.Wait()
			threads.Go(func() { s.discovery(pc) })
			s.acceptAll(l, s.client)
		}
	}},
	{"three-clients-at-most", "concurrent", "has three threads", func(s *server) {
		s.run = func(s *server, l net.Listener, pc net.PacketConn) {
			var threads sync.WaitGroup
			defer threads.Wait()
			threads.Go(func() { s.discovery(pc) })
			room := make(chan struct{}, 3)
			s.acceptAll(l, func(c net.Conn) {
				select {
				case room <- struct{}{}:
					threads.Go(func() {
						defer func() { <-room }()
						s.client(c)
					})
				case <-s.ctx.Done():
				}
			})
		}
	}},
	{"uploads-lock", "concurrent", "holds a lock while it takes a file, and for every command", func(s *server) {
		s.next = func(s *server, k *client) (more bool, err error) {
			b := make([]byte, 1)
			if n, _ := k.r.Read(b); n == 0 {
				return false, nil
			}
			s.alone(func() { more, err = nextCommand(s, &client{c: k.c, r: prepended(b, k.r)}) })
			return more, err
		}
	}},
	{"answers-lock", "concurrent", "goes on with others only when a client has left", func(s *server) {
		s.next = func(s *server, k *client) (more bool, err error) {
			if k.done > 0 {
				return nextCommand(s, k)
			}
			b := make([]byte, 1)
			if n, _ := k.r.Read(b); n == 0 {
				return false, nil
			}
			s.alone(func() {
				for more, err = nextCommand(s, &client{c: k.c, r: prepended(b, k.r)}); more && err == nil; {
					more, err = nextCommand(s, k)
				}
			})
			return more, err
		}
	}},
	{"uploads-change-the-folder", "concurrent", "has os.chdir() during an upload, which counts for all threads", func(s *server) {
		var uploads atomic.Int32
		s.path = func(s *server, name string) string {
			if uploads.Load() > 1 {
				return pathOf(s, filepath.Join("server", name))
			}
			return pathOf(s, name)
		}
		s.put = func(s *server, k *client, name string) (bool, error) {
			uploads.Add(1)
			defer uploads.Add(-1)
			return putFile(s, k, name)
		}
	}},
	{"uploads-share-a-name", "concurrent", "keeps the name of the upload in a variable for all", func(s *server) {
		var name string
		s.put = func(s *server, k *client, n string) (bool, error) { name = n; return putFile(s, k, n) }
		s.store = func(s *server, _ string, data []byte) error { return storeWhole(s, name, data) }
	}},
	{"stops-after-one-client", "after-close", "ends when its client has left", func(s *server) {
		s.left = func(s *server, c net.Conn, err error) { left(s, c, err); s.stop() }
	}},
	{"stops-at-bye", "after-close", "ends when a client says goodbye", func(s *server) {
		s.next = func(s *server, k *client) (bool, error) {
			b := make([]byte, 1)
			if n, _ := k.r.Read(b); n == 0 {
				return false, nil
			}
			if b[0] == cmdBye {
				s.stop()
			}
			return nextCommand(s, &client{c: k.c, r: prepended(b, k.r)})
		}
	}},
	{"closes-all", "after-close", "closes everybody's connection when one leaves", func(s *server) {
		s.left = func(s *server, c net.Conn, err error) {
			s.conns.mu.Lock()
			for _, other := range s.conns.conns {
				other.Close()
			}
			s.conns.mu.Unlock()
			left(s, c, err)
		}
	}},
	{"accepts-no-more", "after-close", "closes its listener when a client leaves", func(s *server) {
		s.run = func(s *server, l net.Listener, pc net.PacketConn) {
			s.left = func(s *server, c net.Conn, err error) { left(s, c, err); l.Close() }
			runThreads(s, l, pc)
		}
	}},
	{"stays-deaf-after-half-close", "close-log", "keeps the connection open when the client has left", func(s *server) {
		s.left = func(s *server, c net.Conn, err error) { s.say("Client %s is quiet", c.RemoteAddr()) }
	}},
	{"idle-timeout-of-2-s", "many-commands", "gives up a client that is silent for two seconds", func(s *server) {
		s.next = func(s *server, k *client) (bool, error) {
			k.c.SetReadDeadline(time.Now().Add(2 * time.Second))
			return nextCommand(s, k)
		}
	}},
	{"one-command", "many-commands", "closes after a command", func(s *server) {
		s.next = func(s *server, k *client) (bool, error) { _, err := nextCommand(s, k); return false, err }
	}},
	{"three-commands", "many-commands", "closes after three commands", func(s *server) {
		s.next = func(s *server, k *client) (bool, error) {
			more, err := nextCommand(s, k)
			return more && k.done < 2, err
		}
	}},
	{"closes-after-put", "many-commands", "closes after it has stored a file", func(s *server) {
		s.put = func(s *server, k *client, name string) (bool, error) {
			_, err := putFile(s, k, name)
			return false, err
		}
	}},
}
