// Describes the changes in `freeze/state`: each freeze once when it begins and once when it ends.
import type { FreezeMessage } from '../messages/freeze.ts';
import { fromMessage } from '../release-worker/freeze/message.ts';
import { keyOf } from '../release-worker/freeze/state.ts';
import { inWordsOfCause } from '../release-worker/freeze/words.ts';

export interface FreezeNews {
  readonly text: string;
  readonly ended: boolean;
}

/** @param known the freezes that have been described, by cause; updated to the current freezes */
export function changesOf(known: Map<string, string>, message: FreezeMessage): readonly FreezeNews[] {
  const wasFrozen = known.size > 0;
  const now = new Map(fromMessage(message).causes.map((cause) => [keyOf(cause), cause]));
  const news: FreezeNews[] = [];
  for (const [key, text] of known)
    if (!now.has(key)) {
      known.delete(key);
      if (now.size > 0) news.push({ text: `ended: ${text}`, ended: true });
    }
  for (const [key, cause] of now) {
    const text = inWordsOfCause(cause);
    if (known.get(key) === text) continue;
    known.set(key, text);
    news.push({ text, ended: false });
  }
  return wasFrozen && now.size === 0 ? [...news, { text: 'all freezes have ended', ended: true }] : news;
}
