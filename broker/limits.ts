// What the broker holds at most, beyond what is configured. A small machine must survive every client on its network.

export interface Limits {
  /** How long a client that does not read may hold up a full send buffer before it is cut, in milliseconds. */
  readonly drainTimeoutMs: number;
  /** Send buffer and read buffer of one connection, in bytes each; the kernel's own come on top. */
  readonly socketBufferBytes: number;
  /** QoS 2 messages of one client that wait for its PUBREL; told to MQTT 5 clients as receive maximum. */
  readonly awaitingReleasePerClient: number;
  readonly retainedMessages: number;
  /** Topics, payloads and properties of all retained messages, in bytes. */
  readonly retainedBytes: number;
  /** Longest client id, in UTF-16 units. MQTT asks for 23 at least (3.1.1, section 3.1.3.1). */
  readonly clientIdLength: number;
  /** How long an orderly farewell may take before a connection is cut, in milliseconds: on stop and on take-over. */
  readonly farewellMs: number;
  /**
   * Having stood still for longer, the broker does not pass on the events that it finds unread. As long as an agent waits
   * before it takes a press back; such a press still lies here then. In milliseconds.
   */
  readonly unreadEventMs: number;
  /** Connections beyond the maximum that are still told why they are refused, instead of being cut. */
  readonly politeRefusals: number;
}

export const defaultLimits: Limits = {
  // Less than an agent waits for the result of a press (5 s): meanwhile messages to the others may wait too.
  drainTimeoutMs: 3000,
  // Emptied within that time by a link of 22 kB/s; a slower one is cut when more is to be sent than fits.
  socketBufferBytes: 64 * 1024,
  awaitingReleasePerClient: 100,
  // 10,000 applications, each with its retained topic, and room for all else.
  retainedMessages: 20_000,
  retainedBytes: 32 * 1024 * 1024,
  clientIdLength: 256,
  farewellMs: 1000,
  unreadEventMs: 2000,
  politeRefusals: 32,
};
