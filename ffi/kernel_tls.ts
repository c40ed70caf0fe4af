/**
 * TLS in the kernel (Documentation/networking/tls.rst): whether there is any, and what is special about a socket that has it.
 *
 * @module
 */
import { adopt, close, type Descriptor } from "./descriptor.ts";
import { ENOENT, expect, settle } from "./errno.ts";
import { libc } from "./libc.ts";
import { MessageHeader } from "./message_header.ts";
import { IPPROTO_TCP, MSG_DONTWAIT, MSG_NOSIGNAL, SOCK_CLOEXEC, SOCK_STREAM } from "./socket.ts";
import { AF_INET } from "./sockaddr.ts";

const { getsockopt, recvmsg, sendmsg, setsockopt, socket } = libc;

/** Upper layer protocol: its value is a name (tcp(7) does not have it; linux/tcp.h). */
const TCP_ULP = 31;

const TLS = new TextEncoder().encode("tls");

/** Whether the kernel knows TLS now: built in, or the module `tls` is loaded. */
export function hasKernelTls(): boolean {
  const made = settle(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const fd: Descriptor = adopt(expect(made, "Cannot make a TCP socket"));
  // It is not connected, which is the next thing that would be wrong (ENOTCONN).
  const result = settle(setsockopt(fd, IPPROTO_TCP, TCP_ULP, TLS, TLS.length));
  close(fd);
  return result !== -ENOENT;
}

/** What to do about a record that is no data. */
export type OtherRecord =
  /** The client says nothing more. */
  | "end"
  /** It means nothing here: data may follow. */
  | "skipped"
  /** Nothing that follows can be read. */
  | "broken";

const SOL_TLS = 282;
const TLS_SET_RECORD_TYPE = 1;
const TLS_GET_RECORD_TYPE = 2;

// RFC 8446, sections 5.1, 4 and 6.
const ALERT = 21;
const HANDSHAKE = 22;
const KEY_UPDATE = 24;
const CLOSE_NOTIFY = 0;
const WARNING = 1;

// struct cmsghdr, then one byte: the type of the record.
const CMSG_TYPE_BYTE = 16;
const CMSG_LENGTH = 17;
const CMSG_ROOM = 24;

const content = new Uint8Array(512);
const received = new Uint8Array(CMSG_ROOM);
const receiving = new MessageHeader([content], received);

/**
 * Takes the record that a read has stumbled over (EIO): one that is no data.
 *
 * @param fd a socket on which the kernel does TLS
 */
export function takeOtherRecord(fd: Descriptor): OtherRecord {
  receiving.setControlLength(CMSG_ROOM);
  const length = settle(recvmsg(fd, receiving.bytes, MSG_DONTWAIT));
  if (length < 0) return "broken";
  const view = new DataView(received.buffer);
  const typed = receiving.controlLength >= CMSG_LENGTH && view.getInt32(8, true) === SOL_TLS &&
    view.getInt32(12, true) === TLS_GET_RECORD_TYPE;
  if (!typed) return length === 0 ? "end" : "broken";
  const [first, second] = content;
  switch (received[CMSG_TYPE_BYTE]) {
    case ALERT:
      if (second === CLOSE_NOTIFY) return "end";
      return first === WARNING ? "skipped" : "broken";
    case HANDSHAKE:
      // Kernels do not change keys: what the client sends from here on cannot be read, and answers can still be sent.
      return first === KEY_UPDATE ? "end" : "skipped";
    default:
      return "broken";
  }
}

const closeNotify = new Uint8Array([WARNING, CLOSE_NOTIFY]);
const sent = new Uint8Array(CMSG_ROOM);
const sending = new MessageHeader([closeNotify], sent);
{
  const view = new DataView(sent.buffer);
  view.setBigUint64(0, BigInt(CMSG_LENGTH), true);
  view.setInt32(8, SOL_TLS, true);
  view.setInt32(12, TLS_SET_RECORD_TYPE, true);
  sent[CMSG_TYPE_BYTE] = ALERT;
}

const name = new Uint8Array(16); // TCP_ULP_NAME_MAX
const nameLength = new Uint32Array(1);

/** Whether the kernel does TLS on a socket. */
function doesTls(fd: Descriptor): boolean {
  nameLength[0] = name.length;
  const result = settle(getsockopt(fd, IPPROTO_TCP, TCP_ULP, name, nameLength));
  return result === 0 && nameLength[0]! >= TLS.length && TLS.every((byte, at) => name[at] === byte);
}

/**
 * Tells the client that nothing more is sent (close_notify), which the kernel does not do by itself. On a socket without
 * TLS the two bytes would be data, so nothing is sent there; 0 or more, or `-errno`.
 */
export function sendCloseNotify(fd: Descriptor): number {
  if (!doesTls(fd)) return 0;
  return settle(sendmsg(fd, sending.bytes, MSG_DONTWAIT | MSG_NOSIGNAL));
}
