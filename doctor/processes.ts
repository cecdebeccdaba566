// Judges what was found at the broker: whether it is the right broker, and which processes are online.
import { fromTime } from '../messages/time.ts';
import type { BrokerFound, Present } from './broker.ts';
import { counted, failed, ok, skipped, some, warning } from './row.ts';
import type { Row } from './row.ts';
import { lengthOf } from './validity.ts';

export interface Expected {
  /** The address of the broker */
  readonly url: string;
  /** True for `start` without `mqtt.url`: it opens its own broker */
  readonly embedded: boolean;
  readonly prefix: string;
}

export function brokerRow(found: BrokerFound, { url, embedded, prefix }: Expected): Row {
  const about = { check: 'broker' } as const;
  const details = { url, embedded, connected: found.connected };
  if (!found.connected) {
    if (embedded && found.message.includes('ECONNREFUSED'))
      return ok(
        about,
        `nothing listens at ${url} yet; mqtt.url is not set, so \`start\` will run its own broker there`,
        {
          ...details,
        },
      );
    const [what = '', ...remedy] = found.message.split('; ');
    if (embedded)
      return failed(
        about,
        `${what}; mqtt.url is not set, so \`start\` will run its own broker there`,
        `end the program that uses the port of ${url}, or set broker.port to another port, or set mqtt.url to the broker that you want to use`,
        details,
      );
    return failed(
      about,
      what,
      remedy.length > 0
        ? remedy.join('; ')
        : `set mqtt.url to the address and port of an MQTT broker (mqtt:// plain, mqtts:// encrypted), and check that the broker runs and that no firewall blocks the connection`,
      details,
    );
  }
  const { message, present } = found;
  if (embedded && !present.some(({ availability }) => availability === 'online'))
    return warning(
      about,
      `${message}, where no release-button process is online; mqtt.url is not set, so \`start\` will run its own broker and needs this port`,
      `if this is another broker, set mqtt.url to ${url} to use it, or set broker.port to another port`,
      details,
    );
  return ok(
    about,
    `${message}, prefix ${prefix}${embedded ? '; mqtt.url is not set, so `start` runs its own broker' : ''}`,
    details,
  );
}

export function processRows(
  found: BrokerFound,
  { url, embedded, prefix }: Expected,
  ours: string,
): readonly Row[] {
  const about = { check: 'process' } as const;
  if (!found.connected) return [skipped(about, 'not checked: there is no connection to the broker')];
  const { present } = found;
  // A process is known by its retained availability. An `info` alone says nothing about whether it is online.
  const known = present.filter(({ availability }) => availability !== undefined);
  const rows = [...known].sort(byName).map((one) => processRow(one, { prefix, ours, now: found.at, known }));
  if (present.some(({ kind, availability }) => kind === 'worker' && availability !== undefined)) return rows;
  return [
    ...rows,
    embedded && known.length === 0
      ? skipped(about, 'no process has been online at this broker yet; `start` will run them')
      : warning(
          about,
          `no release worker has ever been online under ${prefix} at ${url}, so nobody will answer a press`,
          'start the worker (release-button release-worker, or start). If it runs, check that it has the same mqtt.url and mqtt.topicPrefix, and that the access rules of the broker let this user read its topics',
        ),
  ];
}

/** A row for each button that several workers have. Such a button releases nothing. */
export function claimedTwiceRows(found: BrokerFound, { prefix }: Pick<Expected, 'prefix'>): readonly Row[] {
  if (!found.connected) return [];
  const workers = new Map<string, Present[]>();
  for (const one of [...found.present].sort(byName))
    if (one.availability === 'online')
      for (const button of one.buttons ?? []) workers.set(button, [...(workers.get(button) ?? []), one]);
  return [...workers]
    .filter(([, several]) => several.length > 1)
    .map(([button, several]) => {
      const ids = several.map(({ id }) => id);
      const silent = several.filter((one) => silentMs(one, found.at) !== undefined);
      return failed(
        { check: 'button', subject: button },
        `the workers ${ids.join(' and ')} both have the button ${button}, so it releases nothing`,
        [
          'leave the button to one of them (worker.buttons), or give each worker its own topic prefix (mqtt.topicPrefix)',
          ...silent.map(({ id, kind }) => `if ${id} no longer runs, ${clearing(prefix, kind, id)}`),
        ].join('; '),
        { workers: ids },
      );
    });
}

/** In milliseconds. Agents and workers publish an info every minute, so this means that three are missing. */
const silentAfterMs = 180_000;

/** The age of the last info, if the process has stopped sending infos. Undefined: it still sends them, or never sent one. */
function silentMs({ info }: Present, now: number): number | undefined {
  const ageMs = info === undefined ? 0 : now - fromTime(info.at);
  return ageMs > silentAfterMs ? ageMs : undefined;
}

function clearing(prefix: string, kind: Present['kind'], id: string): string {
  return `clear its retained topics: mosquitto_sub --retained-only --remove-retained -W 2 -t '${prefix}/${kind}/${id}/#', with -h, -p, -u and -P for the broker`;
}

/** Our choice: an agent that did not read its pins for longer than this in an hour may have missed one press in 3,600. */
const gapMsAnHour = 1_000;

/** Describes every gap, because it may explain a lost press. `lasting`: the gaps are so long that somebody should act. */
function unseenWords(unseen: Present['unseen']): { readonly words: string; readonly lasting: boolean } {
  if (unseen === undefined) return { words: '', lasting: false };
  const { gaps, gapMs, longestGapMs, lostEdges } = unseen;
  const words = [
    ...(gaps === 0
      ? []
      : [
          `it did not read its pins ${counted(gaps, 'time')}, for ${lengthOf(gapMs)} in total and at most ${lengthOf(longestGapMs)} at a time`,
        ]),
    ...(lostEdges === 0 ? [] : [`it lost ${counted(lostEdges, 'edge')}`]),
  ];
  return {
    words:
      words.length === 0
        ? ''
        : `; in the hour before its last info, ${words.join(', and ')}, so presses may have been lost`,
    lasting: gapMs > gapMsAnHour || lostEdges > 0,
  };
}

/** What follows for the buttons of a worker that is offline. Its retained info still gives them to it. */
function buttonWords(buttons: readonly string[], known: readonly Present[]): string {
  const online = known.filter(({ availability }) => availability === 'online');
  const isTheirs = (button: string) => online.some((one) => one.buttons?.includes(button) === true);
  const named = (ids: readonly string[]) => `its button${ids.length === 1 ? '' : 's'} ${some(ids)}`;
  const unanswered = buttons.filter((button) => !isTheirs(button));
  const words = unanswered.length === 0 ? [] : [`a press of ${named(unanswered)} gets no answer`];
  for (const other of online) {
    const shared = buttons.filter((button) => other.buttons?.includes(button) === true);
    if (shared.length > 0)
      words.push(
        `the worker ${other.id} has ${named(shared)} too: while both are online, ${shared.length === 1 ? 'it releases' : 'they release'} nothing`,
      );
  }
  return words.map((one) => `; ${one}`).join('');
}

function processRow(
  present: Present,
  {
    prefix,
    ours,
    now,
    known,
  }: {
    readonly prefix: string;
    readonly ours: string;
    readonly now: number;
    readonly known: readonly Present[];
  },
): Row {
  const { kind, id, availability, info, buttons, unseen } = present;
  const about = { check: 'process', subject: `${kind} ${id}` } as const;
  const online = availability === 'online';
  const details = {
    kind,
    id,
    online,
    ...info,
    ...(buttons === undefined ? {} : { buttons }),
    ...(unseen === undefined ? {} : { unseen }),
  };
  const { words, lasting } = unseenWords(unseen);
  const where =
    info === undefined ? '' : ` on ${info.host}, version ${info.version}${clockWords(info.clock)}`;
  if (!online)
    return failed(
      about,
      `is offline${where === '' ? '' : `; was${where}`}${buttonWords(buttons ?? [], known)}`,
      `start it (release-button ${kind === 'worker' ? 'release-worker' : 'gpio-agent'}, or start), and read its log. If it is gone for good, ${clearing(prefix, kind, id)}`,
      details,
    );
  const ageMs = silentMs(present, now);
  if (ageMs !== undefined)
    return warning(
      about,
      `is online${where} according to its retained message, but its last info is ${lengthOf(ageMs)} old, although it should send one every minute`,
      `if it runs, correct its clock or that of this machine, whichever is wrong. If it no longer runs, the broker has missed its end: ${clearing(prefix, kind, id)}`,
      details,
    );
  if (info !== undefined && info.version !== ours)
    return warning(
      about,
      `is online${where}, but doctor has version ${ours}${words}`,
      'install the same version on all machines',
      details,
    );
  if (lasting)
    return warning(
      about,
      `is online${where}${words}`,
      'find out what else uses the processor, the memory (swapping) or the disk of that machine. Run the agent with its systemd unit, which gives it priority. The machine must not go to sleep. Electrical noise also causes lost edges. See "When presses get lost" in docs/hardware-troubleshooting.md',
      details,
    );
  return ok(about, `is online${where}${words}`, details);
}

function clockWords({ synchronised }: { readonly synchronised: boolean | 'unknown' }): string {
  if (synchronised === 'unknown') return '';
  return synchronised ? ', its clock is synchronised' : ', its clock is not synchronised';
}

function byName(a: Present, b: Present): number {
  return a.kind === b.kind ? a.id.localeCompare(b.id) : a.kind === 'worker' ? -1 : 1;
}
