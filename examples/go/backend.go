// A backend in Go, with the standard library alone: go run backend.go /tmp/x.sock
//
// It speaks the hand-off protocol (docs/protocol.md) in its simplest form: it gives nothing back, ends the channel
// where a front breaks the protocol, and closes each connection after one response, whatever the scope says.
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

const (
	hello, handoff, generation  = 1, 2, 9
	tls, preread                = 8, 0x81
	wayPair                     = 2       // how a field tls begins when another process does it
	full, noClient, unsupported = 1, 3, 4 // why a hand-off is refused
	address, fields             = 8, 56   // where the client's address is in a HANDOFF, and where its fields begin
	room                        = 1 << 18 // for any message, and more
)

// client is a connection that was handed over. What was read from it before comes first.
type client struct {
	net.Conn
	input io.Reader
	at    net.Addr
}

func (c client) Read(b []byte) (int, error) { return c.input.Read(b) }

// RemoteAddr is what the front says: behind TLS this may be one end of a Unix stream, which has no addresses.
func (c client) RemoteAddr() net.Addr { return c.at }

// clients is where net/http takes connections from: those that have been acknowledged.
type clients struct {
	net.Listener
	acknowledged chan net.Conn
}

func (c clients) Accept() (net.Conn, error) { return <-c.acknowledged, nil }

// backend receives connections from any number of fronts.
type backend struct {
	clients
	mutex    sync.Mutex // held while a hand-off is taken, and from DRAIN on
	channels map[*net.UnixConn]bool
	serving  sync.WaitGroup
}

func main() {
	syscall.Umask(0o177) // only this user, and root, may hand over
	path := os.Args[1]
	unready := fmt.Sprintf("%s.%d", path, os.Getpid())
	fronts, err := net.ListenUnix("unixpacket", &net.UnixAddr{Name: unready, Net: "unixpacket"})
	if err == nil {
		fronts.SetUnlinkOnClose(false) // what is at the path by then may be a successor's
		err = os.Rename(unready, path)
	}
	if err != nil {
		log.Fatal(err)
	}
	b := &backend{clients: clients{fronts, make(chan net.Conn)}, channels: map[*net.UnixConn]bool{}}
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "Hello %s, this is Go. You asked for %s.\n", r.RemoteAddr, r.URL)
		}),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateClosed {
				b.serving.Done()
			}
		},
	}
	server.SetKeepAlivesEnabled(false) // the next request may be for another backend
	go server.Serve(b)
	go b.listen(fronts)

	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	fronts.Close()
	b.mutex.Lock() // what is not acknowledged by now is the front's, which hands it on
	for channel := range b.channels {
		channel.Write([]byte("\x01\x06\x00\x00")) // DRAIN
		channel.Close()
	}
	b.serving.Wait()
}

func (b *backend) listen(fronts *net.UnixListener) {
	for channel, err := fronts.AcceptUnix(); err == nil; channel, err = fronts.AcceptUnix() {
		b.mutex.Lock()
		b.channels[channel] = true
		b.mutex.Unlock()
		go b.receive(channel)
	}
}

// receive reads one message after another. When it returns, the channel ends.
func (b *backend) receive(channel *net.UnixConn) {
	greeted := false
	message, control := make([]byte, room), make([]byte, syscall.CmsgSpace(253*4)) // no descriptor goes unseen
	for going := true; going; {
		n, length, flags, _, err := channel.ReadMsgUnix(message, control) // Go asks for MSG_CMSG_CLOEXEC
		fds := descriptors(control[:length])
		going = err == nil && n >= 4 && message[0] == 1 && flags&syscall.MSG_TRUNC == 0
		switch {
		case !going:
		case message[1] == handoff && greeted && n >= 8 && len(fds) == 1:
			going = b.take(channel, message[:n], fds[0])
			fds = nil
		case message[1] == handoff && greeted && n >= 8 && len(fds) == 0 && flags&syscall.MSG_CTRUNC != 0:
			going = refuse(channel, message, full) // no number was free for it
		case message[1] == hello && !greeted && n >= 16 && len(fds) == 0:
			greeted = string(message[4:8]) == "fdps"
			going = greeted && greet(channel)
		default:
			going = message[1] == generation && greeted && len(fds) == 0 // for backends that keep connections
		}
		for _, fd := range fds {
			syscall.Close(fd)
		}
	}
	b.mutex.Lock()
	delete(b.channels, channel)
	b.mutex.Unlock()
	channel.Close()
}

func greet(channel *net.UnixConn) bool {
	answer := []byte("\x01\x01\x00\x00fdps\x00\x01\x00\x40") // one process, 64 unanswered hand-offs
	_, err := channel.Write(binary.BigEndian.AppendUint32(answer, uint32(os.Getpid())))
	return err == nil
}

func refuse(channel *net.UnixConn, message []byte, reason byte) bool {
	_, err := channel.Write(append([]byte{1, 4, 0, reason}, message[4:8]...)) // NACK
	return err == nil
}

// take acknowledges a HANDOFF, or refuses it. It owns the descriptor. After false the channel ends.
func (b *backend) take(channel *net.UnixConn, message []byte, fd int) bool {
	before, pair, known := readFields(message)
	if !known || !isClient(fd, pair) {
		syscall.Close(fd)
		if !known {
			return refuse(channel, message, unsupported)
		}
		return refuse(channel, message, noClient)
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	ack := append([]byte("\x01\x03\x00\x01\x00\x00\x00\x00"), message[4:8]...)
	if _, err := channel.Write(ack); err != nil {
		syscall.Close(fd) // it is the front's, and untouched
		return false
	}
	file := os.NewFile(uintptr(fd), "handed over")
	defer file.Close() // net.FileConn makes a copy
	conn, err := net.FileConn(file)
	if err == nil {
		b.serving.Add(1)
		b.acknowledged <- client{conn, io.MultiReader(bytes.NewReader(before), conn), addressIn(message)}
	}
	return true
}

// addressIn returns where the client is.
func addressIn(message []byte) net.Addr {
	size := map[byte]int{4: net.IPv4len, 6: net.IPv6len}[message[address]] // unknown: none
	ip := append(net.IP{}, message[address+4:address+4+size]...)
	return &net.TCPAddr{IP: ip, Port: int(binary.BigEndian.Uint16(message[address+2:]))}
}

// readFields returns what was read of the connection before, whether it is one end of a Unix stream at whose other end
// a process does TLS, and whether the message may be acted on.
func readFields(message []byte) (before []byte, pair, known bool) {
	if len(message) < fields {
		return nil, false, false
	}
	for rest := message[fields:]; len(rest) > 0; {
		if len(rest) < 4 || len(rest) < 4+int(binary.BigEndian.Uint16(rest[2:])) {
			return nil, false, false // a field is cut off
		}
		end := 4 + int(binary.BigEndian.Uint16(rest[2:]))
		if rest[0] == preread && before == nil {
			before = append([]byte{}, rest[4:end]...)
		} else if rest[0] >= 0x80 {
			return nil, false, false // unknown, and must not be skipped
		} else if rest[0] == tls && end > 4 {
			pair = rest[4] == wayPair
		}
		rest = rest[end:]
	}
	return before, pair, true
}

// isClient tells a client's connection from other descriptors: TCP, or one end of a Unix stream where the message says
// so. Any other Unix socket can carry descriptors itself.
func isClient(fd int, pair bool) bool {
	domain, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_DOMAIN)
	kind, _ := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_TYPE)
	listens, _ := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
	right := domain == syscall.AF_INET || domain == syscall.AF_INET6
	if pair {
		right = domain == syscall.AF_UNIX
	}
	return err == nil && right && kind == syscall.SOCK_STREAM && listens == 0
}

func descriptors(control []byte) (fds []int) {
	parts, _ := syscall.ParseSocketControlMessage(control)
	for i := range parts {
		rights, _ := syscall.ParseUnixRights(&parts[i])
		fds = append(fds, rights...)
	}
	return fds
}
