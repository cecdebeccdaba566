// Fixed limits of the broker, beside those that can be configured. No client may exhaust a small machine.

export interface Limits {
  /** The broker cuts a client whose send buffer stays full for this long, in milliseconds. */
  readonly drainTimeoutMs: number;
  /** Send buffer and read buffer of one connection, in bytes each, without the buffers of the kernel. */
  readonly socketBufferBytes: number;
  /** QoS 2 messages of one client that wait for its PUBREL. MQTT 5 clients get this as receive maximum. */
  readonly awaitingReleasePerClient: number;
  readonly retainedMessages: number;
  /** Topics, payloads and properties of all retained messages together, in bytes. */
  readonly retainedBytes: number;
  /** Longest client id, in UTF-16 units. MQTT requires at least 23 (3.1.1, section 3.1.3.1). */
  readonly clientIdLength: number;
  /** Deadline for an orderly disconnect, on stop and on take-over, in milliseconds. Then the broker cuts the connection. */
  readonly farewellMs: number;
  /**
   * After a process pause longer than this, the broker drops the events that it finds unread. An agent takes a press back
   * after the same time, and such a press may still be unread here. In milliseconds.
   */
  readonly unreadEventMs: number;
  /** This many connections beyond the maximum get an answer with the reason. The broker cuts all further ones. */
  readonly politeRefusals: number;
}

export const defaultLimits: Limits = {
  // Less than an agent waits for the result of a press (5 s), because messages to other clients may wait meanwhile.
  drainTimeoutMs: 3000,
  // A link of 22 kB/s empties it within `drainTimeoutMs`. The broker cuts a slower one when the buffer overflows.
  socketBufferBytes: 64 * 1024,
  awaitingReleasePerClient: 100,
  // 10,000 applications with a retained topic each, and as many again for everything else.
  retainedMessages: 20_000,
  retainedBytes: 32 * 1024 * 1024,
  clientIdLength: 256,
  farewellMs: 1000,
  unreadEventMs: 2000,
  politeRefusals: 32,
};
