// Decides what the end of a connection means for the next attempt: whether another process took our place, and which version to
// use.
import type { CloseReason, ProtocolVersion } from './wire.ts';

/** MQTT 5 reason code "Session taken over" (MQTT 5.0, 3.14.2.1). */
export const sessionTakenOver = 0x8e;

/** After this many closes in a row without a CONNACK, try 3.1.1 instead of MQTT 5. RabbitMQ 3.10 answers MQTT 5 that way. */
const silentClosesBeforeChange = 2;

export interface VersionChoice {
  readonly version: ProtocolVersion;
  readonly silentCloses: number;
  /** True after a broker has accepted a version. Then silence changes nothing until the next start. */
  readonly settled: boolean;
}

export const firstVersion: VersionChoice = { version: 5, silentCloses: 0, settled: false };

/** 1: "unacceptable protocol version" of 3.1.1. 0x84: "unsupported protocol version" of MQTT 5. */
export function refusesVersion(reason: CloseReason): boolean {
  return reason.connack === 1 || reason.connack === 0x84;
}

export function versionAfterClose(choice: VersionChoice, reason: CloseReason): VersionChoice {
  if (reason.reached === 'accepted') return { ...choice, silentCloses: 0, settled: true };
  const other: VersionChoice = { version: choice.version === 5 ? 4 : 5, silentCloses: 0, settled: false };
  if (refusesVersion(reason)) return other;
  // Counts only if the other side closed the connection, and only if it may be a broker.
  const silent =
    reason.reached === 'transport' && reason.connack === undefined && reason.because === undefined;
  if (!silent || choice.settled) return { ...choice, silentCloses: 0 };
  // A port that accepts and closes a connection (a proxy without its broker) proves nothing about versions, so they alternate.
  const silentCloses = choice.silentCloses + 1;
  return silentCloses < silentClosesBeforeChange ? { ...choice, silentCloses } : other;
}
