// Answers that count for a while, by what was asked; a question that is under way is not asked twice.

export interface AnswerCache<Answer> {
  /** the last answer, be it old */
  of(key: string): Answer | undefined;
  has(key: string): boolean;
  /** whether there is none, or its time is over */
  isDue(key: string): boolean;
  /** monotonic milliseconds; -Infinity for never */
  askedAt(key: string): number;
  /**
   * Whoever asks while the question is under way gets its new answer.
   * @param anew also where the last answer still counts
   * @param forMs how long the new one counts, in milliseconds
   * @throws what `question` throws; the last answer stays then
   */
  ask(key: string, anew: boolean, forMs: number, question: () => Promise<Answer>): Promise<Answer>;
  put(key: string, answer: Answer, forMs: number): void;
  /** Also what is being answered just now. */
  forget(key: string): void;
}

/** @param options.max beyond so many all are forgotten; absent: those who ask forget what is gone */
export function createAnswerCache<Answer>({
  now,
  max = Infinity,
}: {
  readonly now: () => number;
  readonly max?: number;
}): AnswerCache<Answer> {
  const known = new Map<string, { readonly answer: Answer; readonly at: number; readonly until: number }>();
  const underWay = new Map<string, Promise<Answer>>();

  const put = (key: string, answer: Answer, forMs: number) => {
    if (known.size >= max && !known.has(key)) known.clear();
    known.set(key, { answer, at: now(), until: now() + forMs });
  };
  const isDue = (key: string) => now() >= (known.get(key)?.until ?? -Infinity);

  return {
    of: (key) => known.get(key)?.answer,
    has: (key) => known.has(key),
    isDue,
    askedAt: (key) => known.get(key)?.at ?? -Infinity,
    ask: (key, anew, forMs, question) => {
      const joined = underWay.get(key);
      if (joined !== undefined) return joined;
      const last = known.get(key);
      if (!anew && last !== undefined && !isDue(key)) return Promise.resolve(last.answer);
      const asked: Promise<Answer> = question()
        .then((answer) => {
          // Otherwise it was forgotten meanwhile: what was asked is no question any more.
          if (underWay.get(key) === asked) put(key, answer, forMs);
          return answer;
        })
        .finally(() => {
          if (underWay.get(key) === asked) underWay.delete(key);
        });
      underWay.set(key, asked);
      return asked;
    },
    put,
    forget: (key) => {
      known.delete(key);
      underWay.delete(key);
    },
  };
}
