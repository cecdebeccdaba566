// What the end of a connection means for the next try: whether somebody else took our place, and which version to speak.
import type { CloseReason, ProtocolVersion } from './wire.ts';

/** MQTT 5 reason code "Session taken over" (MQTT 5.0, 3.14.2.1). */
export const sessionTakenOver = 0x8e;

/** Closes in a row without any CONNACK after which MQTT 5 is given up: RabbitMQ 3.10 answers it so. */
const silentClosesBeforeChange = 2;

export interface VersionChoice {
  readonly version: ProtocolVersion;
  readonly silentCloses: number;
  /** A broker has accepted a version: silence alone changes nothing any more until the next start. */
  readonly settled: boolean;
}

export const firstVersion: VersionChoice = { version: 5, silentCloses: 0, settled: false };

/** 1: a 3.1.1 broker's "unacceptable protocol version"; 0x84: MQTT 5's "unsupported protocol version". */
export function refusesVersion(reason: CloseReason): boolean {
  return reason.connack === 1 || reason.connack === 0x84;
}

export function versionAfterClose(choice: VersionChoice, reason: CloseReason): VersionChoice {
  if (reason.reached === 'accepted') return { ...choice, silentCloses: 0, settled: true };
  const other: VersionChoice = { version: choice.version === 5 ? 4 : 5, silentCloses: 0, settled: false };
  if (refusesVersion(reason)) return other;
  // Only the other side's close is meant, and only of something that may be a broker.
  const silent =
    reason.reached === 'transport' && reason.connack === undefined && reason.because === undefined;
  if (!silent || choice.settled) return { ...choice, silentCloses: 0 };
  // A port that accepts and closes (a proxy whose broker is not up yet) says nothing about versions: back and forth.
  const silentCloses = choice.silentCloses + 1;
  return silentCloses < silentClosesBeforeChange ? { ...choice, silentCloses } : other;
}
