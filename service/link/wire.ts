// Types for packets and for the end of a connection.

/** 4 is MQTT 3.1.1 */
export type ProtocolVersion = 4 | 5;

export interface Outgoing {
  readonly topic: string;
  readonly payload: string;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly expirySeconds?: number;
  /** For an answer: the correlation data of the request (MQTT 5) */
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
  /** How far the connection came: TCP connected, transport complete (including TLS), accepted by the broker. */
  readonly reached: 'nothing' | 'tcp' | 'transport' | 'accepted';
  /** Why we ended the connection: silence, bytes that are not MQTT, a packet that is too large, a missing acknowledgement. */
  readonly because?: 'no-answer' | 'not-mqtt' | 'too-large' | 'unacknowledged';
  /** The refusal of the broker, as 3.1.1 return code or MQTT 5 reason code */
  readonly connack?: number;
  /** The reason code of the broker's DISCONNECT (MQTT 5) */
  readonly disconnect?: number;
  readonly error?: string;
  /** Node's code of the error */
  readonly code?: string;
}
