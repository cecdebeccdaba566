// What goes over a connection to the broker, and what its end looks like.

/** 4 is MQTT 3.1.1 */
export type ProtocolVersion = 4 | 5;

export interface Outgoing {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly expirySeconds?: number;
  /** of an answer, as the request had it (MQTT 5) */
  readonly correlationData?: Buffer;
}

export interface IncomingPacket {
  readonly topic: string;
  readonly payload: Uint8Array;
  readonly retain: boolean;
  readonly version: ProtocolVersion;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
}

export interface CloseReason {
  /** How far it got: a TCP connection, all of the transport (TLS too), the broker's consent. */
  readonly reached: 'nothing' | 'tcp' | 'transport' | 'accepted';
  /** Why we ended it ourselves: silence, bytes that are not MQTT, a packet too large, a missing acknowledgement. */
  readonly because?: 'no-answer' | 'not-mqtt' | 'too-large' | 'unacknowledged';
  /** the broker's refusal of the connection, as 3.1.1 return code or MQTT 5 reason code */
  readonly connack?: number;
  /** the reason code of the broker's DISCONNECT (MQTT 5) */
  readonly disconnect?: number;
  readonly error?: string;
  /** of the error, as Node names it */
  readonly code?: string;
}
