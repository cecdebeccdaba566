// Freezes in words for people, with times in this machine's time zone. Pure.
import type { Frozen } from '../../messages/freeze.ts';
import { personSource } from '../../messages/freeze.ts';
import { fromTime, toLocalEnd } from '../../messages/time.ts';
import { longestFirst } from './state.ts';
import type { Cause, FreezeState } from './state.ts';

/** Highest number of freezes or buttons that one sentence names. */
const namedMax = 3;

/**
 * @param head the first part, with or without the reason
 * @param source is named unless it is a person
 */
function listOf(head: readonly string[], { by, until }: Frozen, source: string = personSource): string {
  return [
    ...head,
    ...(by === undefined ? [] : [`by ${by}`]),
    ...(source === personSource ? [] : [`source ${source}`]),
    ...(until === undefined ? [] : [`until ${toLocalEnd(fromTime(until))}`]),
  ].join(', ');
}

/** `frozen: <reason>, by <who>, until <when>` for the first freeze, then the others. */
export function inWordsOf([first, ...others]: readonly Frozen[]): string {
  if (first === undefined) return 'not frozen';
  const { reason } = first;
  return `${listOf([`frozen${reason === undefined ? '' : `: ${reason}`}`], first)}${besides(others)}`;
}

/** For a sentence that has already said "frozen". */
function inWordsWithout(one: Frozen): string {
  const nameless = one.source === undefined ? 'a freeze' : `a freeze by source ${one.source}`;
  return listOf([one.reason ?? nameless], one);
}

function besides(others: readonly Frozen[]): string {
  if (others.length === 0) return '';
  const named = others.slice(0, namedMax - 1).map(inWordsWithout);
  const more = others.length - named.length;
  return `; also ${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
}

function whomOf(button: string | undefined): string {
  return button === undefined ? 'all buttons' : `button ${button}`;
}

const ofAll = ({ button }: Cause) => button === undefined;

/** After a request to freeze: that freeze, the freeze that it replaces, and the others that apply to the same button. */
export function inWordsOfFreeze({ causes }: FreezeState, cause: Cause, former: Cause | undefined): string {
  const own = `${inWordsOf([cause])} (${whomOf(cause.button)})`;
  const replaced =
    former === undefined || inWordsOf([former]) === inWordsOf([cause])
      ? ''
      : `; it replaces the freeze of the same source (${cause.source}): ${inWordsWithout(former)}`;
  const others = longestFirst(
    causes.filter(
      (other) => other !== cause && (other.button === undefined || other.button === cause.button),
    ),
  );
  return `${own}${replaced}${besides(others)}`;
}

/** The freezes that a request lifts. */
interface Meant {
  readonly button?: string | undefined;
  readonly source?: string | undefined;
}

/**
 * What is frozen after a request to lift.
 * @param nothingToLift nothing that the request lifts was frozen
 */
export function inWordsOfLift(
  { causes }: FreezeState,
  { button, source }: Meant,
  nothingToLift = false,
): string {
  const whom = whomOf(button);
  const all = longestFirst(causes.filter(ofAll));
  const own = button === undefined ? [] : longestFirst(causes.filter((cause) => cause.button === button));
  const single = new Set(causes.flatMap((cause) => cause.button ?? []));
  const still = [
    ...(all.length > 0 ? [`all buttons are still ${inWordsOf(all)}`] : []),
    ...(own.length > 0 ? [`${whom} is still ${inWordsOf(own)}`] : []),
    ...(button === undefined && single.size > 0 ? [`still frozen: ${someOf([...single])}`] : []),
  ].join('; ');
  if (still !== '') return `${headOf({ button, source, nothingToLift })}; ${still}`;
  if (source === undefined && button !== undefined && nothingToLift) return `${whom} was not frozen`;
  const head = headOf({ button, source, nothingToLift });
  return source === undefined || causes.length > 0 ? head : `${head}; nothing is frozen now`;
}

function headOf({ button, source, nothingToLift }: Meant & { readonly nothingToLift: boolean }): string {
  const whom = whomOf(button);
  if (source !== undefined) {
    const of = button === undefined ? '' : ` of ${whom}`;
    return nothingToLift
      ? `there was no freeze${of} by source ${source}`
      : `the freeze${of} by source ${source} has ended`;
  }
  if (button === undefined) return nothingToLift ? 'nothing was frozen' : 'nothing is frozen any more';
  return nothingToLift ? `${whom} had no freeze of its own` : `the freeze of ${whom} has ended`;
}

function someOf(buttons: readonly string[]): string {
  const more = buttons.length - namedMax;
  return `${buttons.length === 1 ? 'button' : 'buttons'} ${buttons.slice(0, namedMax).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** `all buttons: <reason>, by <who>, source <id>, until <when>` */
export function inWordsOfCause(cause: Cause): string {
  const { button, source, reason } = cause;
  const whom = `${whomOf(button)}${reason === undefined ? '' : `: ${reason}`}`;
  return listOf([whom], cause, source);
}

/** The whole state, for the log. */
export function inWordsOfState(state: FreezeState): string {
  const all = longestFirst(state.causes.filter(ofAll));
  const single = [...new Set(state.causes.flatMap(({ button }) => button ?? []))];
  const parts = [
    ...(all.length > 0 ? [`${inWordsOf(all)} (all buttons)`] : []),
    ...(single.length > 0 ? [`frozen: ${someOf(single)}`] : []),
  ];
  return parts.length === 0 ? 'nothing is frozen' : parts.join('; ');
}
