// What a closed connection means: which protocol version to try next, and how to say it to a person.
import type { CloseReason, ProtocolVersion } from './connection.ts';

/** MQTT 5 reason code "Session taken over" (MQTT 5.0, 3.14.2.1). */
export const sessionTakenOver = 0x8e;

/** Closes in a row without any CONNACK after which MQTT 5 is given up: RabbitMQ 3.10 answers it so. */
const silentClosesBeforeFallback = 2;

export interface VersionChoice {
  readonly version: ProtocolVersion;
  readonly silentCloses: number;
  /** a broker has accepted or refused this version in words: no more changes until the next start */
  readonly settled: boolean;
}

export const firstVersion: VersionChoice = { version: 5, silentCloses: 0, settled: false };

export function versionAfterClose(choice: VersionChoice, reason: CloseReason): VersionChoice {
  if (reason.accepted) return { ...choice, silentCloses: 0, settled: true };
  if (choice.settled) return choice;
  // 1: a 3.1.1 broker's "unacceptable protocol version"; 0x84: MQTT 5's "unsupported protocol version".
  if (choice.version === 5 && (reason.connack === 1 || reason.connack === 0x84))
    return { version: 4, silentCloses: 0, settled: true };
  if (reason.connack !== undefined || !reason.transport) return { ...choice, silentCloses: 0 };
  const silentCloses = choice.silentCloses + 1;
  if (silentCloses < silentClosesBeforeFallback) return { ...choice, silentCloses };
  // A port that accepts and closes (a proxy whose broker is not up yet) says nothing about versions: go back and forth.
  return { version: choice.version === 5 ? 4 : 5, silentCloses: 0, settled: false };
}

/** A sentence: what came back, and what a person can do. */
export function describeClose(reason: CloseReason, url: string): string {
  if (reason.accepted)
    return reason.disconnect === undefined
      ? `the connection to the broker at ${url} was lost${reason.error === undefined ? '' : ` (${reason.error})`}`
      : `the broker at ${url} ended the connection with reason code 0x${reason.disconnect.toString(16)}`;
  if (reason.connack !== undefined)
    return `the broker at ${url} refused the connection: ${refusal(reason.connack)}`;
  if (!reason.transport)
    return `the broker at ${url} cannot be reached${reason.error === undefined ? '' : ` (${reason.error})`}: is it running, and is mqtt.url right?`;
  return `what listens at ${url} closed the connection without an MQTT answer${reason.error === undefined ? '' : ` (${reason.error})`}: is it an MQTT broker, and is the port right (mqtt:// or mqtts://)?`;
}

// Return codes of MQTT 3.1.1 (3.2.2.3) and reason codes of MQTT 5.0 (3.2.2.2).
function refusal(code: number): string {
  switch (code) {
    case 1:
    case 0x84:
      return 'it does not speak this version of MQTT (3.1.1 or 5 is needed)';
    case 2:
    case 0x85:
      return 'it does not accept the client id; look at mqtt.topicPrefix and the id of this agent or worker';
    case 3:
    case 0x88:
    case 0x89:
      return 'it is not available now; tried again until it is';
    case 4:
    case 0x86:
      return 'wrong user name or password; set mqtt.username and mqtt.password (RELEASE_BUTTON_MQTT_PASSWORD, or _FILE)';
    case 5:
    case 0x87:
      return 'not authorised; set mqtt.username and mqtt.password (RELEASE_BUTTON_MQTT_PASSWORD, or _FILE), or allow this client on the broker';
    case 0x97:
      return 'it has too many connections already';
    default:
      return `code 0x${code.toString(16).padStart(2, '0')}`;
  }
}
